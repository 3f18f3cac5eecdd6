// The style of the pages, one file for all: light and dark, from 320 px on.
export const STYLE = `
:root { color-scheme: light dark; --bar: #1f3a57; --line: #8a97a6; --soft: #eef2f6; --text: #17212b; --page: #fff; --link: #0b4f9e; --wrong: #a3121f; --help: #d4f0d4; --helpline: #1d7a2c; font: 15px/1.45 Verdana, Geneva, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { :root { --bar: #24415f; --line: #66788a; --soft: #1d2731; --text: #e6ecf2; --page: #12181e; --link: #8fc3ff; --wrong: #ff9aa2; --help: #1d4526; --helpline: #7fd98f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--page); padding: 0.3rem; }
header { background: var(--bar); color: #fff; padding: 0.6rem 1rem; display: flex; flex-wrap: wrap; gap: 0.4rem 1.2rem; align-items: center; }
header .unit { margin: 0; font-weight: bold; margin-right: auto; }
header a { color: #fff; }
header form, header p { margin: 0; }
nav ul { list-style: none; margin: 0; padding: 0 1rem; display: flex; flex-wrap: wrap; gap: 0 1.2rem; border-bottom: 1px solid var(--line); }
nav.menu ul { background: var(--soft); }
nav a { display: inline-block; padding: 0.45rem 0; color: var(--link); text-decoration: none; border-bottom: 3px solid transparent; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { font-weight: bold; border-bottom-color: currentColor; }
main { padding: 0.5rem 1rem 2rem; max-width: 90rem; }
h1 { font-size: 1.3rem; }
h2 { font-size: 1rem; margin: 1.4rem 0 0.3rem; }
a { color: var(--link); }
.banner, .said { border: 1px solid var(--line); border-left: 5px solid #c47a00; background: var(--soft); padding: 0.5rem 0.8rem; }
.said { border-left-color: var(--helpline); }
.said.bad { border-left-color: var(--wrong); }
.note { max-width: 60rem; }
.scroll { overflow-x: auto; position: relative; max-width: 100%; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
th { background: var(--soft); }
td { overflow-wrap: anywhere; min-width: 2.5rem; }
input, select, button, textarea { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: 2px; padding: 0.2rem 0.4rem; max-width: 100%; min-height: 1.8rem; }
input[type=text], input[type=password], input[type=file] { width: 16rem; }
table input[type=text] { width: 12rem; }
input[type=checkbox], input[type=radio] { min-height: 0; }
button { background: var(--soft); cursor: pointer; padding: 0.2rem 0.8rem; min-width: 1.8rem; }
button:hover { border-color: var(--text); }
.link { background: none; border: 0; padding: 0; color: #fff; text-decoration: underline; min-height: 0; }
.apply { margin-top: 1.2rem; text-align: right; max-width: 60rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); border: 0; padding: 0; min-height: 0; min-width: 0; }
.empty { font-size: 0.85rem; white-space: nowrap; }
.wrong { display: block; color: var(--wrong); font-size: 0.9rem; max-width: 24rem; }
[aria-invalid] { border: 2px solid var(--wrong); }
.mark { font-size: 0.85rem; }
.helped { position: relative; }
.helped > input, .helped > select, span.helped[tabindex], .helped > button { background: var(--help); border-color: var(--helpline); }
span.helped[tabindex] { border-bottom: 1px dotted var(--helpline); }
.tip { display: none; }
.helped:hover > .tip, .helped:focus-within > .tip, .helped:focus > .tip { display: block; background: var(--help); color: var(--text); border: 1px solid var(--helpline); padding: 0.3rem 0.5rem; margin-top: 0.2rem; max-width: 26rem; font-weight: normal; }
progress { width: 100%; max-width: 30rem; }
:focus-visible { outline: 3px solid #e08a00; outline-offset: 1px; }
.login { max-width: 24rem; margin: 3rem auto; padding: 1rem; border: 1px solid var(--line); background: var(--soft); }
.login label { display: block; margin-top: 0.7rem; }
.login input { width: 100%; }
.login button { margin-top: 1rem; }
.services { columns: 18rem auto; padding: 0; list-style: none; }
@media (max-width: 40rem) {
  .settings th:nth-child(2), .settings td:nth-child(2) { display: none; }
  main { padding: 0.5rem; }
  nav ul { padding: 0 0.5rem; gap: 0 0.8rem; }
  th, td { padding: 0.25rem 0.35rem; }
  table input[type=text], table input[type=password] { width: 9rem; }
  table input[type=file] { width: 13rem; }
}
`;

/** The icon of a tab: a unit with its row of ports. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect y="4" width="16" height="8" rx="1" fill="#1d4e79"/><path d="M3 8h2v2H3zm4 0h2v2H7zm4 0h2v2h-2z" fill="#fff"/></svg>';
