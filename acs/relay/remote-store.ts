// A store that another process of this machine owns: changes go to the owner over the relay, packed as for its writer thread.
import type { Owner } from '../store/sqlite/store.ts';
import { writePacking } from '../store/sqlite/threads/packing.ts';
import type { Relay } from './relay.ts';

/** For an owner that has vanished; a full disk or a long queue is reported by the owner itself. */
const WRITE_MS = 30_000;

/** Lets other processes write to the store of this process. */
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

/** The owner, as seen from another process. */
export const ownerAt = (relay: Relay, member: string): Owner => ({
  write: async request => {
    const [json, bulk] = writePacking.pack(request);
    const beside = typeof bulk === 'string' ? { told: bulk } : bulk ? { body: bulk } : {};
    return await relay.call(member, 'write', { request: json, ...beside }, WRITE_MS);
  },
  beat: async who => await relay.call(member, 'beat', who),
  leave: async id => await relay.call(member, 'leave', { id }),
});
