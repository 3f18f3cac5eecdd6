// The login in an operator's URL: TR-069 A.3.2.8 forbids it there and has arguments for it.

const withUserinfo = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i;

/** The arguments of a transfer with the login of its URL in Username and Password, unless these are given. */
export function splitUserinfo(args: Record<string, unknown>): Record<string, unknown> {
  const { URL: url } = args;
  const found = typeof url === 'string' ? withUserinfo.exec(url) : null;
  if (typeof url !== 'string' || !found) return args;
  const [whole, scheme = '', userinfo = ''] = found;
  const colon = userinfo.indexOf(':');
  const username = decoded(colon < 0 ? userinfo : userinfo.slice(0, colon));
  const password = colon < 0 ? '' : decoded(userinfo.slice(colon + 1));
  const login = args.Username ? {} : { Username: username, Password: args.Password || password };
  return { ...args, ...login, URL: scheme + url.slice(whole.length) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare percent sign: meant as it is.
  }
}
