// The parts of the screen that are loaded when they are first needed.
export { ActionBar } from './action-bar.tsx';
export { Announce } from './announce.tsx';
export { ColumnsDialog } from './columns-dialog.tsx';
export { Copies } from './copies.tsx';
export { DeviceFacets } from './device-facets.tsx';
export { followRows } from './follow-rows.ts';
export { NoMatch } from './no-match.tsx';
export { Peek } from './peek.tsx';
export { SaveView } from './save-view.tsx';
export { Views } from './views.tsx';
