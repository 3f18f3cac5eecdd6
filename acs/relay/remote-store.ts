// A store that another process of this machine owns: changes go to it over the relay, as its writer's thread would get them.

import type { Owner } from '../store/sqlite/store.ts';
import { writePacking } from '../store/sqlite/threads/packing.ts';
import type { Relay } from './relay.ts';

/** A full disk or a long line of writers is told by the owner; this is for one that has vanished. */
const WRITE_MS = 30_000;

/** The owner's side. */
export function serveStore(relay: Relay, owner: Owner): void {
  relay.serve('write', async ({ request, told, body }) => {
    const bulk = told ?? (body && new Uint8Array(body));
    return await owner.write(writePacking.unpack(request, bulk));
  });
  relay.serve('beat', async member => await owner.beat(member));
  relay.serve('leave', async ({ id }) => {
    await owner.leave(id);
    return undefined;
  });
}

/** The other side. */
export const ownerAt = (relay: Relay, member: string): Owner => ({
  write: async request => {
    const [json, bulk] = writePacking.pack(request);
    const beside = typeof bulk === 'string' ? { told: bulk } : bulk ? { body: bulk } : {};
    return await relay.call(member, 'write', { request: json, ...beside }, WRITE_MS);
  },
  beat: async who => await relay.call(member, 'beat', who),
  leave: async id => await relay.call(member, 'leave', { id }),
});
