/** Escape closes the part that the focus is in, and leaves the focus on what opens it again. */
export function closeByEscape() {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    const open = document.activeElement?.closest('details[open]');
    if (!open) return;
    open.open = false;
    open.querySelector('summary').focus();
  });
}
