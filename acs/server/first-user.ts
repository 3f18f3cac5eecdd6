// The first user at a start without users: made with a password of the environment, or by a link in the log.
import type { Log } from '../../shared/log.ts';
import type { Acs } from '../app.ts';

/** The page that makes it (acs/ui). */
const PATH = '/ui/first';

/** Later starts leave the users as they are. @throws what the store throws; then the ACS is closed */
export async function awaitFirstUser(
  { acs, log }: { acs: Acs; log: Log },
  password: string | undefined,
): Promise<void> {
  const { users, firstUser } = acs.fleet.access;
  try {
    const offer = await firstUser.offer();
    if (!offer) return;
    if (password === undefined) {
      // The code is in the fragment, which browsers send to no server and no proxy.
      const url = `${acs.api}${PATH}#${offer.code}`;
      log.info('first user awaited', { url, until: new Date(offer.until).toISOString() });
      return;
    }
    await users.put('admin', { role: 'admin', password });
    log.info('first user created', { user: 'admin' });
  } catch (error) {
    await acs.close();
    throw error;
  }
}
