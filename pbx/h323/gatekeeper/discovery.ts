// Discovery of the gatekeeper (H.225.0 7.8): asked at its own address alone, since it listens to no multicast.
import type { Address } from '../../../shared/sip/flow-types.ts';
import type { Ras, RasMessage } from '../messages.ts';
import { transportAddress } from '../transport/addresses.ts';
import type { RasChannel } from '../transport/channel.ts';
import { digests } from './pin-proof.ts';
import { protocolIdentifier } from './registrations.ts';

export interface DiscoveryOptions {
  gatekeeperIdentifier: string;
  /** Our RAS address for the peer of a channel. */
  rasAddress: (channel: RasChannel) => Address;
}

export function discover(
  request: Ras<'gatekeeperRequest'>,
  channel: RasChannel,
  { gatekeeperIdentifier, rasAddress }: DiscoveryOptions,
): RasMessage {
  const { requestSeqNum, gatekeeperIdentifier: wanted, authenticationCapability, algorithmOIDs } = request;
  if (wanted !== undefined && wanted !== gatekeeperIdentifier) {
    const rejectReason = 'terminalExcluded';
    return { gatekeeperReject: { requestSeqNum, protocolIdentifier, gatekeeperIdentifier, rejectReason } };
  }
  const algorithmOID = algorithmOIDs?.find(oid => Object.hasOwn(digests, oid));
  const proves = authenticationCapability?.includes('pwdHash') && algorithmOID !== undefined;
  return {
    gatekeeperConfirm: {
      requestSeqNum,
      protocolIdentifier,
      gatekeeperIdentifier,
      rasAddress: transportAddress(rasAddress(channel)),
      ...(proves ? { authenticationMode: 'pwdHash' as const, algorithmOID } : {}),
    },
  };
}
