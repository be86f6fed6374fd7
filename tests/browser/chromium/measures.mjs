// What is measured in a page. The functions run there: they use nothing from here.

export const SIZES = [{ width: 1280, height: 900 }, { width: 768, height: 1024 }, { width: 360, height: 740 }];
export const SCHEMES = ['light', 'dark'];

/** What can be pressed and is lower than that; a ticked box counts with its label. */
export function tooSmall(least) {
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((element) => element.checkVisibility())
    .map((element) => (element.matches('[type=checkbox], [type=radio]') ? element.closest('label') : element))
    .map((element) => [element.outerHTML.slice(0, 120), element.getBoundingClientRect().height])
    .filter(([, height]) => height < least);
}

/** Texts whose colour is too near to what is behind them (WCAG 2.2, relative luminance), and how many there are. */
export function contrastFaults(least) {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((value, at) => value * a + below[at] * (1 - a));
  const behind = (element) => {
    const own = element ? rgba(getComputedStyle(element).backgroundColor) : rgba('Canvas');
    return own[3] === 1 ? own.slice(0, 3) : over(own, behind(element.parentElement));
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faults = [];
  let texts = 0;
  const measure = (element, text) => {
    texts += 1;
    const back = behind(element);
    let opacity = 1;
    for (let up = element; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    const color = rgba(getComputedStyle(element).color);
    const front = over([...color.slice(0, 3), color[3] * opacity], back);
    const [light, dark] = [luminance(front), luminance(back)].sort((one, other) => other - one);
    const ratio = (light + 0.05) / (dark + 0.05);
    const place = `${element.tagName}.${element.className}`;
    if (ratio < least) faults.push(`${ratio.toFixed(2)} “${text.slice(0, 40)}” in ${place}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (data.trim() && parentElement.checkVisibility()) measure(parentElement, data.trim());
  }
  for (const field of document.querySelectorAll('input:not([type=radio], [type=checkbox]), textarea, select')) {
    if (field.checkVisibility() && field.value) measure(field, field.type === 'password' ? 'the key' : field.value);
  }
  return { texts, faults };
}
