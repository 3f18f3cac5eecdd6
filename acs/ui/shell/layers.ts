// The layers over the page, loaded together.
export { KeysHelp } from './keys-help.tsx';
export { MoreSheet } from './more-sheet.tsx';
export { Palette } from './palette/palette.tsx';
