// The style of the pages: both themes, from 400 px on; a table on a narrow screen is shown as blocks.
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1rem; background: Canvas; color: CanvasText; }
header p { margin: 0; font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; margin: 0.5rem 0 1rem; padding: 0; }
nav a, .more a { display: inline-block; padding: 0.25rem 0; }
a { color: #0b4fb3; }
nav a[aria-current] { font-weight: 600; text-decoration: none; border-bottom: 2px solid; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: 0.35rem 0.5rem 0.35rem 0; border-bottom: 1px solid GrayText; }
tbody th { font-weight: inherit; }
td { unicode-bidi: isolate; overflow-wrap: anywhere; min-width: 4rem; }
td.whole { white-space: nowrap; }
td span span { white-space: nowrap; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: end; margin: 0.5rem 0; }
input, button { font: inherit; padding: 0.25rem 0.5rem; max-width: 12rem; }
a:focus-visible, input:focus-visible, button:focus-visible, .scroll:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
@media (prefers-color-scheme: dark) { a { color: #9cc3ff; } }
@media (max-width: 60rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody { display: block; }
  tbody tr { display: block; border-bottom: 2px solid GrayText; padding: 0.5rem 0; }
  td, td.whole { display: grid; grid-template-columns: 8.5rem 1fr; border: 0; padding: 0.1rem 0; white-space: normal; }
  td::before { content: attr(data-label); font-weight: 600; }
  tbody th { display: block; border: 0; padding: 0; font-weight: 600; }
  th + td { display: block; }
  th + td::before { content: none; }
}
`;
