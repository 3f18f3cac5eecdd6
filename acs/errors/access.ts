// Errors of users, roles, tokens and rights.
import type { ErrorEntries } from './entry.ts';

export const accessErrors = {
  'out-of-scope': {
    status: 403,
    meaning: 'The rights reach only some devices, and the operation is about others, or about all of them.',
    remedy: 'Use a user or token whose rights reach every device, or leave the device within the rights.',
  },
  'path-forbidden': {
    status: 403,
    meaning: 'The rights do not allow to read or to set this parameter; `path` names it.',
    remedy: 'Leave the parameter out, or use a user or token that may read or set it.',
  },
  'parameters-forbidden': {
    status: 403,
    meaning: 'The operation may show or change any parameter, and the rights allow only some.',
    remedy: 'Use a user or token without limits on parameters.',
  },
  'sign-in-failed': {
    status: 401,
    meaning: 'The name or the password is wrong, or the user is disabled.',
    remedy: 'Check both. Each further wrong one is answered later.',
  },
  'login-in-the-clear': {
    status: 403,
    meaning: 'A password came by plain HTTP from another host.',
    remedy: 'Use HTTPS.',
  },
  'first-code-wrong': {
    status: 403,
    meaning: 'The code for the first user is wrong, spent, or older than a day.',
    remedy: 'Take the link of the last start from the log (`first user awaited`), or start the ACS again.',
  },
  'first-user-exists': {
    status: 409,
    meaning: 'There are users already.',
    remedy: 'Sign in, or let an admin make a user (POST /users).',
  },
  'link-wrong': {
    status: 403,
    meaning: 'The link that signs in is wrong, spent, or older than a day, or its user is gone.',
    remedy: 'Ask an admin for another one (POST /users/{name}/link), or sign in with a password.',
  },
  'too-many-links': {
    status: 409,
    meaning: 'Too many links that sign in are unused.',
    remedy: 'Wait until older ones have ended; each is good for a day.',
  },
  'oidc-not-configured': {
    status: 404,
    meaning: 'No identity provider is configured.',
    remedy: 'Start the ACS with --oidc-issuer and --oidc-client-id, or sign in with a password.',
  },
  'oidc-unavailable': {
    status: 502,
    meaning: 'The identity provider does not answer, or not in time.',
    remedy: 'Try again later; check --oidc-issuer and the log. Users with a password can sign in.',
  },
  'oidc-refused': {
    status: 401,
    meaning: 'The identity provider has refused the sign-in, or its answer does not prove who the user is.',
    remedy: 'Sign in again. The message says what is wrong.',
  },
  'oidc-expired': {
    status: 400,
    meaning: 'The sign-in was begun in another browser, or more than ten minutes ago.',
    remedy: 'Begin again (GET /session/oidc).',
  },
  'oidc-no-role': {
    status: 403,
    meaning: 'The identity provider knows the user, and none of its claims grants a role here.',
    remedy: 'Give the user a group or role at the provider that `PUT /settings/oidc` maps.',
  },
  'oidc-name-taken': {
    status: 409,
    meaning: 'Another user has the name that the identity provider gives.',
    remedy: 'Delete the other user (DELETE /users/{name}), or take another claim for the name (PUT /settings/oidc).',
  },
  'wrong-password': {
    status: 403,
    meaning: 'The password that was given as the current one is wrong.',
    remedy: 'Check it. Each further wrong one is answered later; an admin can set another (PATCH /users/{name}).',
  },
  'too-many-guesses': {
    status: 429,
    meaning: 'Too many wrong passwords from this address or for this name wait for their answer.',
    remedy: 'Wait a minute.',
  },
  'cross-site': {
    status: 403,
    meaning: 'A page of another site has sent the request with the cookie of a session.',
    remedy: 'Send the header X-Tandem: 1, or an Authorization header.',
  },
  'no-session': {
    status: 400,
    meaning: 'The request has no session: it came with a token.',
    remedy: 'Leave the call out, or send the cookie of the session.',
  },
  'no-such-user': {
    status: 404,
    meaning: 'No user has this name.',
    remedy: 'List the users (GET /users).',
  },
  'user-exists': {
    status: 409,
    meaning: 'A user has this name already.',
    remedy: 'Take another name, or change the user (PATCH /users/{name}).',
  },
  'too-many-users': {
    status: 409,
    meaning: 'There are as many users as the ACS keeps.',
    remedy: 'Delete users that are not needed.',
  },
  'bad-password': {
    status: 400,
    meaning: 'The password is too short or too long.',
    remedy: 'Take a password of 12 to 256 characters.',
  },
  'no-such-token': {
    status: 404,
    meaning: 'No API token has this name.',
    remedy: 'List the tokens (GET /tokens).',
  },
  'token-exists': {
    status: 409,
    meaning: 'An API token has this name already.',
    remedy: 'Take another name, or delete that token first.',
  },
  'too-many-tokens': {
    status: 409,
    meaning: 'There are as many API tokens as the ACS keeps.',
    remedy: 'Delete tokens that are not needed.',
  },
  'no-such-view': {
    status: 404,
    meaning: 'The caller has no saved view of that name, and the author named shares none.',
    remedy: 'List them with GET /api/v1/views.',
  },
  'too-many-views': {
    status: 409,
    meaning: 'The caller has 100 saved views, or there are 5,000 in all.',
    remedy: 'Delete some first.',
  },
  'no-such-role': {
    status: [400, 404],
    meaning: 'No role has this name.',
    remedy: 'List the roles (GET /roles).',
  },
  'no-such-operation': {
    status: 400,
    meaning: 'A role names an operation that does not exist, or that only the admin may have.',
    remedy: 'Use names of the API description, or `read` and `write`.',
  },
  'role-in-use': {
    status: 409,
    meaning: 'A user or a token has the role.',
    remedy: 'Give them another role first.',
  },
  'too-many-roles': {
    status: 409,
    meaning: 'There are as many roles as the ACS keeps.',
    remedy: 'Delete roles that are not needed.',
  },
} as const satisfies ErrorEntries;
