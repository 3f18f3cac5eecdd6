// Shapes of signing in by an identity provider, and of its setting.
import { Type } from 'typebox';
import { closed, optional, text } from './common.ts';

export const begin = closed({
  to: optional(
    Type.String({
      pattern: '^/(docs|ui/[\\w./?=&%~-]*)$',
      maxLength: 2000,
      description: 'The page of this server to which the browser goes after the sign-in; default: /docs',
    }),
  ),
});
/** RFC 6749 4.1.2, 4.1.2.1, RFC 9207; providers add fields of their own. */
export const callback = Type.Object(
  {
    code: optional(Type.String()),
    state: optional(Type.String()),
    iss: optional(Type.String()),
    error: optional(Type.String()),
    error_description: optional(Type.String()),
  },
  { additionalProperties: Type.String() },
);
export const ways = Type.Object({
  password: Type.Boolean({ description: 'POST /session' }),
  provider: Type.Boolean({ description: 'GET /session/oidc' }),
});

const claim = Type.String({ minLength: 1, maxLength: 200 });
export const setting = closed({
  nameClaim: optional({ ...claim, description: 'The claim with the name of the user; default: preferred_username' }),
  rolesClaim: optional({
    ...claim,
    description: 'The claim with groups or roles; dots lead into objects (realm_access.roles); default: roles',
  }),
  map: Type.Array(
    closed({
      value: text('A value of the roles claim'),
      role: text('viewer, operator, admin, or a role of your own'),
      filter: optional(text('Devices that the rights reach; default: those of the role')),
    }),
    { maxItems: 200, description: 'The first entry that fits counts; where none fits, the sign-in is refused' },
  ),
});
