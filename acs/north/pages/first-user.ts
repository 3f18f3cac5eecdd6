// The page that makes the first user: a form, which sends the code from the part of its URL that browsers keep to themselves.
import { htmlOf, type Rendered } from './html.ts';

const BODY = `<p>While this server has no users, the link from its log makes the first one, an administrator. Later ones come from an administrator.</p>
<form id="form">
<label>Name <input id="name" autocomplete="username" required maxlength="64" pattern="[\\w.@+\\-]+"></label>
<label>Password, 12 characters or more <input id="password" type="password" autocomplete="new-password" required minlength="12" maxlength="256"></label>
<button>Create</button>
</form>
<p id="told" role="status"></p>`;

const SCRIPT = `
const by = id => document.getElementById(id);
by('form').addEventListener('submit', async event => {
  event.preventDefault();
  const body = JSON.stringify({ code: location.hash.slice(1), name: by('name').value, password: by('password').value });
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(location.pathname, { method: 'POST', headers, body }).catch(error => error);
  if (answer.ok) {
    by('form').remove();
    history.replaceState(null, '', location.pathname);
    by('told').textContent = 'The user is made, and signed in. The calls of the API are at ' + location.origin + '/docs';
  } else by('told').textContent = answer.json ? (await answer.json()).detail : String(answer);
});
`;

export const firstUserPage = (): Rendered => htmlOf({ title: 'The first user', body: BODY, script: SCRIPT });
