// Shapes of users, roles, tokens and sessions.
import { Type } from 'typebox';
import { operationScopes, parameterUses } from '../operation.ts';
import { choice, closed, list, nullable, optional, text, texts, time } from './common.ts';

const role = text('viewer, operator, admin, or a role of your own');
const filter = optional(
  text('Devices that the rights reach, such as site.region = "north"; default: those of the role'),
);
const password = optional(Type.String({ maxLength: 1024, description: '12 to 256 characters; never shown' }));
const disabled = optional(Type.Boolean({ description: 'The user cannot sign in, and open sessions end' }));
const name = text('1 to 64 letters, digits and . _ -; of a user also @ and +');

const grant = { role, filter };
export const userInput = closed({ ...grant, password, disabled });
export const userCreate = closed({ name, ...grant, password, disabled });
export const userPatch = closed({
  role: optional(role),
  filter: optional(nullable(Type.String())),
  password,
  disabled,
});
export const user = Type.Object({
  name,
  ...grant,
  disabled: Type.Boolean(),
  hasPassword: Type.Boolean(),
  issuer: optional(text('The identity provider from which the user comes')),
});
export const users = list(user);

export const tokenCreate = closed({ name, ...grant, expires: optional(time) });
const tokenFields = {
  name,
  ...grant,
  created: time,
  by: text('The user or token that has made it'),
  expires: nullable(time),
  lastUsed: nullable(time),
};
export const token = Type.Object(tokenFields);
export const newToken = Type.Object({ ...tokenFields, token: text('The token itself: shown only now') });
export const tokens = list(token);

const patterns = (description: string) =>
  optional(
    Type.Array(Type.String(), { maxItems: 200, description: `${description}: paths, partial paths, * for one part` }),
  );
const roleFields = {
  operations: Type.Array(Type.String(), {
    minItems: 1,
    maxItems: 200,
    description:
      'Names of operations; read: all that change nothing; write: all others. Those of the admin only by name',
  }),
  devices: optional(text('Filter over lasting properties; default: every device')),
  parameters: optional(
    closed({ read: patterns('Parameters that may be read'), set: patterns('Parameters that may be set') }),
  ),
};
export const roleInput = closed(roleFields);
export const ownRole = Type.Object({ name, builtIn: Type.Boolean(), ...roleFields });
export const roles = Type.Object({
  items: Type.Array(Type.Object({ name, builtIn: Type.Boolean(), ...roleFields, operations: texts })),
  operations: Type.Array(
    Type.Object({
      name: Type.String(),
      role: choice(['viewer', 'operator', 'admin']),
      scope: choice(operationScopes, 'The devices that it is about'),
      parameters: choice(parameterUses, 'The parameters that it shows or sets'),
    }),
    { description: 'The operations that a role may name' },
  ),
});

export const signIn = closed({
  name: Type.String({ maxLength: 64 }),
  password: Type.String({ maxLength: 1024 }),
});
export const firstUser = closed({
  code: Type.String({
    maxLength: 64,
    description: 'The code in the link that the server logs at a start without users',
  }),
  name,
  password: Type.String({ maxLength: 1024, description: '12 to 256 characters' }),
});
export const linkCode = closed({
  code: Type.String({ maxLength: 64, description: 'The code in the link' }),
});
export const link = Type.Object({
  url: text('Opens the pages, signed in: good once, shown only now'),
  until: time,
});
export const ownPassword = closed({
  password: Type.String({ maxLength: 1024, description: 'The current one' }),
  newPassword: Type.String({ maxLength: 1024, description: '12 to 256 characters' }),
});
export const session = Type.Object({
  user: text('Name of the user or the token'),
  kind: choice(['user', 'token', 'admin-token']),
  role: Type.String(),
  scope: nullable(text('Filter over the devices that the rights reach; null: every device')),
  expires: nullable(time),
  signOutUrl: optional(text('Where a browser signs out at the identity provider, after DELETE /session here')),
  operations: texts,
});

const MAX_FILTER = 4000;
const MAX_NAME = 300;
const MAX_COLUMNS = 100;

const fields = {
  q: Type.String({ maxLength: MAX_FILTER, description: 'A filter; empty for all entries' }),
  cols: Type.Array(Type.String({ maxLength: MAX_NAME }), { maxItems: MAX_COLUMNS, description: 'Columns, in order' }),
  sort: Type.String({ maxLength: MAX_NAME, description: 'Field of the order, - in front for descending' }),
  shared: Type.Boolean({ description: 'All callers may read it' }),
};

export const viewInput = closed({
  q: optional(fields.q),
  cols: optional(fields.cols),
  sort: optional(fields.sort),
  shared: optional(fields.shared),
});
export const view = Type.Object({
  name: Type.String(),
  author: text('The user or token that has saved it'),
  ...fields,
  mine: Type.Boolean({ description: 'It is of the caller' }),
});
export const views = list(view);
export const viewQuery = closed({ author: optional(text('Whose shared view it is; default: the own one')) });
