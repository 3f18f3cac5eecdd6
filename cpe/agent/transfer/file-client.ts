// The HTTP client of file transfers: one per transfer, with the TLS settings of the service that uses the file.
import { withCoding } from '../../../shared/net/coding.ts';
import { authenticated, createHttp, withCookies, withRedirects } from '../../../shared/net/http.ts';
import type { Device } from '../../state/device.ts';
import type { OpenFiles } from './transfer.ts';

/** Asks for no compression, and reads what a server compressed all the same (RFC 9110 8.4). */
const decoded = withCoding(() => undefined);

/** TR-069 3.4.3: cookies, redirects and both authentication schemes work as in sessions. */
export function openFilesWith(device: Device, http: typeof createHttp = createHttp): OpenFiles {
  return (service, credentials) => {
    const client = http({ clock: device.clock, localAddress: device.address, tls: () => device.tls(service) });
    const { random } = device;
    const send = withRedirects(5)(authenticated(withCookies(decoded(client.send)), { credentials, random }));
    return { send, close: () => client.close() };
  };
}
