// Setup (H.225.0 7.3.10): finds the caller and the called side, connects to the latter, and offers the call there.

import { messageOf } from '../../../shared/errors.ts';
import type { Log } from '../../../shared/log.ts';
import { type Address, addressText } from '../../../shared/sip/flow-types.ts';
import type { Admission } from '../../policy/admission.ts';
import { type Destination, type DestinationOptions, destinationOf } from '../gatekeeper/destinations.ts';
import type { AliasAddress, BodyOf, CallMessage } from '../messages.ts';
import { encodeCall } from '../q931.ts';
import { textsOfAliases, transportAddress } from '../transport/addresses.ts';
import type { SignallingConnection } from '../transport/connection.ts';
import { callerOf, type Refused } from './caller.ts';
import type { Calls } from './calls.ts';
import { releaseComplete } from './release.ts';
import type { RoutedCall } from './routed-call.ts';

interface SetupOptions extends DestinationOptions {
  calls: Calls;
  admission: Admission;
  log: Log;
  /** Opens a connection for call signalling. */
  connect: (target: { address: Address; tls: boolean }) => Promise<SignallingConnection>;
}

type Setup = BodyOf<'setup'>;
type Callee = Exclude<Destination, { unreachable: unknown }>;

const noRoom: Refused = { text: 'too many calls', cause: 42, release: 'gatekeeperResources' };
const unreachable: Refused = {
  text: 'the called side cannot be reached',
  cause: 27,
  release: 'unreachableDestination',
};

export class Setups {
  readonly #options: SetupOptions;

  constructor(options: SetupOptions) {
    this.#options = options;
  }

  async take(message: CallMessage, setup: Setup, connection: SignallingConnection): Promise<void> {
    const { calls } = this.#options;
    const side = { connection, reference: message.callReference, isOurs: false };
    const number = message.calledNumber?.digits ?? textsOfAliases(setup.destinationAddress)[0];
    const caller = callerOf(setup, connection, this.#options);
    const refuse = (refused: Refused, name = ''): void => {
      noteRefused(refused, { from: name, to: number ?? '', connection }, this.#options);
      const { cause, release: reason } = refused;
      connection.send(releaseComplete(side, { cause, reason, guid: setup.callIdentifier?.guid.toString('hex') }));
    };
    if ('cause' in caller) return refuse(caller);
    const destination = destinationOf(number, this.#options);
    if ('unreachable' in destination) return refuse(destination.unreachable, caller.name);
    const guid = (setup.callIdentifier?.guid ?? setup.conferenceID).toString('hex');
    const facts = { from: caller.name, to: number ?? '', guid };
    const call = calls.begin(facts, { ...side, endpoint: caller.endpoint });
    if (!call) return refuse(noRoom, caller.name);
    await this.#offer(call, destination, message, setup).catch((error: unknown) => {
      this.#options.log.info('H.323 call without destination', { ...facts, reason: messageOf(error) });
      call.end({ cause: unreachable.cause, why: unreachable.text });
    });
  }

  /** @throws Error where the called side cannot be reached, or the Setup not be written */
  async #offer(call: RoutedCall, destination: Callee, message: CallMessage, setup: Setup): Promise<void> {
    const connection = await this.#connectionTo(destination);
    const isOwn = !('endpoint' in destination && destination.endpoint.channel.connection);
    // The caller may have given up meanwhile.
    if (call.state === 'ended') {
      if (isOwn) connection.close();
      return;
    }
    const reference = connection.newReference();
    if (reference === undefined || connection.closed) throw new Error('the connection is full or closed');
    const endpoint = 'endpoint' in destination ? destination.endpoint : undefined;
    call.offer(
      { connection, reference, isOurs: true, endpoint },
      setupFor(message, setup, call, connection, reference),
    );
  }

  async #connectionTo(destination: Callee): Promise<SignallingConnection> {
    const { connect } = this.#options;
    if ('route' in destination) {
      const { host, port, tls } = destination.route;
      return await connect({ address: { host, port }, tls });
    }
    const { channel, callSignal } = destination.endpoint;
    return channel.connection ?? (await connect({ address: callSignal, tls: false }));
  }
}

function noteRefused(
  { text, cause }: Refused,
  { from, to, connection }: { from: string; to: string; connection: SignallingConnection },
  { log, admission }: SetupOptions,
): void {
  const { remote, protocol } = connection;
  log.info('H.323 call refused', { address: remote.host, from, to, cause, reason: text });
  const logon = { kind: 'H.323' as const, dir: from, encrypted: protocol === 'tls', product: undefined };
  const reason = `call to ${to}: ${text}`;
  admission.refused(logon, { what: 'call', remote: addressText(remote), row: `cause ${cause}`, reason });
}

/** The Setup for the called side: the caller by its own number, and without the proofs and identifiers that are for us. */
function setupFor(
  message: CallMessage,
  setup: Setup,
  { facts, caller }: RoutedCall,
  connection: SignallingConnection,
  callReference: number,
): Buffer {
  const { endpointIdentifier, tokens, cryptoTokens, ...rest } = setup;
  const names = (setup.sourceAddress ?? []).filter(alias => !('dialledDigits' in alias));
  const sourceAddress: AliasAddress[] = [{ dialledDigits: facts.from }, ...names];
  const pdu = message.user?.['h323-uu-pdu'];
  return encodeCall({
    ...message,
    callReference,
    isFromDestination: false,
    ...(caller.endpoint ? { callingNumber: { digits: facts.from } } : {}),
    user: {
      ...message.user,
      'h323-uu-pdu': {
        ...pdu,
        'h323-message-body': {
          setup: {
            ...rest,
            ...(caller.endpoint ? { sourceAddress } : {}),
            destCallSignalAddress: transportAddress(connection.remote),
          },
        },
      },
    },
  });
}
