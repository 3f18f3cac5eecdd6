// Addresses of a device and of its neighbours.
import { hrefOf } from '../../state/location.ts';

/** The id of a device may have escapes of its own: it is encoded once more. */
export const hrefOfTab = (id: string, tab: string, query: Readonly<Record<string, string | undefined>> = {}): string =>
  hrefOf(`/devices/${encodeURIComponent(id)}/${tab}`, query);

/** The devices that a filter finds. */
export const hrefOfFilter = (filter: string): string => hrefOf('/devices', { q: filter });
