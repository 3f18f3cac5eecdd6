// The menu of the signed-in user: language, theme, density, the API's page, sign out.
import type { JSX } from 'preact';
import { problemOf } from '../api/problem.ts';
import { signOut } from '../api/session.ts';
import { Icon } from '../components/icon.tsx';
import { Menu, type MenuEntry } from '../components/menu.tsx';
import { go, hrefOf } from '../state/location.ts';
import { densities, density, spoken, theme, themes } from '../state/preferences.ts';
import { session } from '../state/session.ts';
import { tell, toasts } from '../state/toasts.ts';
import { frame } from '../words/en/frame.ts';
import { languages } from '../words/spoken.ts';
import { textsOf } from '../words/texts.ts';

const words = textsOf('frame', frame);
const languageNames = { en: 'English', de: 'Deutsch' } as const;

export function UserMenu(): JSX.Element {
  const { user = '', role = '' } = session.value ?? {};
  return (
    <Menu label={words().signedInAs(user, role)} class="btn quiet square" align="end" entries={entries()}>
      <Icon name="user" />
    </Menu>
  );
}

function entries(): MenuEntry[] {
  return [
    ...choice(words().language, languages, { value: spoken, name: each => languageNames[each] }),
    ...choice(words().themeHead, themes, { value: theme, name: each => words().themes[each] }),
    ...choice(words().density, densities, { value: density, name: each => words().densities[each] }),
    { head: session.value?.user ?? '', text: words().pages.help, run: () => go(hrefOf('/help')) },
    {
      text: words().apiPage,
      run: () => void globalThis.open('/docs', '_blank', 'noopener'),
    },
    { text: words().signOut, run: () => void leave() },
  ];
}

/** A setting of the reader, as entries of which one is checked. */
function choice<T extends string>(
  head: string,
  values: readonly T[],
  { value, name }: { value: { value: T }; name: (each: T) => string },
): MenuEntry[] {
  return values.map((each, at) => ({
    text: name(each),
    isChecked: value.value === each,
    ...(at === 0 ? { head } : {}),
    run: () => {
      value.value = each;
    },
  }));
}

/** Signs out here, and at the identity provider where the session came from one. */
async function leave(): Promise<void> {
  const { signOutUrl } = session.value ?? {};
  try {
    await signOut();
    if (signOutUrl !== undefined) globalThis.location.assign(signOutUrl);
    else session.value = undefined;
    toasts.value = [];
  } catch (error) {
    tell({ tone: 'bad', text: problemOf(error).message });
  }
}
