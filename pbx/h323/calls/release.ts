// ReleaseComplete as the gatekeeper sends it: the cause of Q.850, and the reason of H.225.0 where one says more.

import { protocolIdentifier } from '../gatekeeper/registrations.ts';
import type { ReleaseCompleteReason } from '../messages.ts';
import { encodeCall } from '../q931.ts';

interface Release {
  cause: number;
  reason?: ReleaseCompleteReason | undefined;
  /** Call identifier in hexadecimal. */
  guid?: string | undefined;
}

export function releaseComplete(
  { reference, isOurs }: { reference: number; isOurs: boolean },
  { cause, reason, guid }: Release,
): Buffer {
  return encodeCall({
    type: 'releaseComplete',
    callReference: reference,
    isFromDestination: !isOurs,
    cause,

    user: {
      'h323-uu-pdu': {
        'h323-message-body': {
          releaseComplete: {
            protocolIdentifier,
            ...(reason === undefined ? {} : { reason }),
            ...(guid === undefined ? {} : { callIdentifier: { guid: Buffer.from(guid, 'hex') } }),
          },
        },
      },
    },
  });
}
