// The administration, in parts: as far as the rights of the reader reach.
import type { ComponentType, JSX } from 'preact';
import { Tabs } from '../../components/tabs.tsx';
import { hrefOf } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { admin } from '../../words/en/admin.ts';
import { textsOf } from '../../words/texts.ts';
import { AccountPart } from './account.tsx';
import { CertificatesPart } from './certificates.tsx';
import { RolesPart } from './roles.tsx';
import { ServerPart } from './server.tsx';
import { SettingsPart } from './settings.tsx';
import { TokensPart } from './tokens.tsx';
import { UsersPart } from './users.tsx';

const words = textsOf('admin', admin);

interface Part {
  name: keyof typeof admin.tabs;
  /** An operation without which there is nothing to see; absent for a part that all have. */
  needs?: string;
  component: ComponentType;
}

const parts: readonly Part[] = [
  { name: 'users', needs: 'listUsers', component: UsersPart },
  { name: 'roles', needs: 'listRoles', component: RolesPart },
  { name: 'tokens', needs: 'listTokens', component: TokensPart },
  { name: 'account', component: AccountPart },
  { name: 'server', needs: 'getServer', component: ServerPart },
  { name: 'certificates', needs: 'getServer', component: CertificatesPart },
  { name: 'settings', needs: 'putSecretsSetting', component: SettingsPart },
];

export function AdminScreen({ params }: { params: Readonly<Record<string, string>> }): JSX.Element | null {
  const shown = parts.filter(({ needs }) => needs === undefined || may(needs));
  const part = shown.find(({ name }) => name === params.part) ?? shown[0];
  if (!part) return null;
  const { name: current, component: Component } = part;
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
        </div>
      </div>
      <Tabs
        label={words().parts}
        current={current}
        tabs={shown.map(({ name }) => ({ name, text: words().tabs[name], href: hrefOf(`/admin/${name}`) }))}
      />
      <Component key={current} />
    </>
  );
}
