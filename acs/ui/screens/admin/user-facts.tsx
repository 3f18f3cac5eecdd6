// The facts of a user.
import type { JSX } from 'preact';
import type { User } from '../../api/administration/access.ts';
import { Pair } from '../../components/records/pair.tsx';
import { hrefOf } from '../../state/location.ts';
import { admin } from '../../words/en/admin.ts';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import { roleName, signInOf } from './grants.tsx';

const words = textsOf('admin', admin);
const general = textsOf('frame', frame);

export const UserFacts = ({ user }: { user: User }): JSX.Element => (
  <dl class="kv">
    <Pair name={words().role}>{roleName(user.role)}</Pair>
    <Pair name={words().reach}>
      {user.filter === undefined ? (
        words().everyDevice
      ) : (
        <a class="mono wrap-any" href={hrefOf('/devices', { q: user.filter })}>
          {user.filter}
        </a>
      )}
    </Pair>
    <Pair name={words().users.columns.signIn}>{signInOf(user)}</Pair>
    <Pair name={words().users.columns.state}>{user.disabled ? words().users.disabled : words().users.active}</Pair>
    <Pair name={general().pages.audit}>
      <a href={hrefOf('/audit', { who: user.name })}>{user.name}</a>
    </Pair>
  </dl>
);
