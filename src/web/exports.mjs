export default Fanfare;
export const { init, support, FanfareError } = Fanfare;
