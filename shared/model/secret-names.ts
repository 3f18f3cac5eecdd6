// Names of secrets: parameters, arguments, fields and columns whose values are never shown. They are judged by whole words, so that a name
// such as ParameterKey or KeyManagement is none. A model can say more than a name (`hidden` in definitions.ts).

/** Found anywhere in a path: a table of passwords holds secrets. */
const anywhere = /password(?!required)|secret|passphrase|privatekey/i;

/** Tells whether a parameter of that name reads as '' on every device known, so that without a model it counts as hidden. */
export const readsEmpty = (path: string): boolean => anywhere.test(path);

/** Found among the words of the last part of a path, which stand between hyphens. */
const inWords = [
  /-(?:passwd|pwd|psk|puk|passcode)(?:-\d+)?-/,
  /-(?:pass|pin|credentials?|tokens?|api-?key)(?:-\d+)?-$/,
  /-pin-(?:code|number)-$/,
  /-communit(?:y|ies)(?:-(?:string|name|read|write|ro|rw|\d+))*-$/,
  /-(?:wep|wpa(?:-\d)?|wi-?fi|wlan|shared|private|auth|authentication|encryption|decryption|cipher|sae|access|srtp|signing|master|network|security)-keys?(?:-(?:value|string|hex|ascii|\d+))*-$/,
  /-key-pass-/,
];

/** The last part written without separators, as in `wifikey`. */
const inOneWord = [
  /(?:wifi|wlan|wep|wpa|shared|encryption|access|network|auth|api)\d?key\d?$/,
  /(?:wifi|wlan|sip|user|admin|ppp|pppoe|login)p(?:ass|wd|in)$/,
  /(?:psk|passwd|community)\d?$/,
];

/** The column that holds the secret in a table of them. */
const inTable = /\bcommunit(?:y|ies)\.(?:\d+|\{i\})\.(?:name|string|value)$/i;

const word = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/** Tells whether a name, or a path by its last part, is the name of a secret. */
export function isSecretName(name: string): boolean {
  if (anywhere.test(name)) return true;
  const last = name.slice(name.lastIndexOf('.') + 1);
  const words = `-${(last.match(word) ?? []).join('-').toLowerCase()}-`;
  if (inWords.some(pattern => pattern.test(words))) return true;
  return inOneWord.some(pattern => pattern.test(last.toLowerCase())) || inTable.test(name);
}

/** Stands for a secret wherever texts are shown. */
export const MASK = '***';

/** The text with the mask in the place of each of these secrets. */
export const withoutTexts = (text: string, secrets: Iterable<string>): string => {
  let left = text;
  for (const secret of secrets) left = left.replaceAll(secret, MASK);
  return left;
};

/** The login in a URL, up to the `@` before its host. */
const userinfo = /:\/\/[^\s/?#"'<>\\@]{1,512}@/g;
/** A token, key or signature among the arguments of a URL. */
const urlArgument =
  /([?&;](?:[\w-]{0,40}[_-])?(?:token|secret|password|passwd|pwd|pass|sig|signature|api[_-]?key)=)[^&;\s#"'<>]{1,2048}/gi;

/** The text with `***` in the place of each login, token and signature in a URL. */
export const withoutUrlSecrets = (text: string): string =>
  text.includes('://') ? text.replace(userinfo, `://${MASK}@`).replace(urlArgument, `$1${MASK}`) : text;

/** Tells whether a text holds a URL with a login, a token or a signature. */
export const holdsUrlSecret = (text: string): boolean => text.includes('://') && withoutUrlSecrets(text) !== text;
