// The operator's pages: begins here, in the browser.
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { listenToKeys } from './state/keys.ts';
import { followLinks } from './state/location.ts';
import { applyPreferences } from './state/preferences.ts';
import { loadSession, watchSession } from './state/session.ts';

followLinks();
listenToKeys();
watchSession();
await Promise.all([applyPreferences(), loadSession()]);
render(<App />, document.getElementById('app') ?? document.body);
