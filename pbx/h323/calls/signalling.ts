// Call signalling: takes the messages of all connections, and hands each to its call, to Setup, or to RAS.
import type { Log } from '../../../shared/log.ts';
import { H323Error } from '../error.ts';
import type { BodyOf, CallMessage } from '../messages.ts';
import { decodeCall } from '../q931.ts';
import type { RasChannel } from '../transport/channel.ts';
import type { SignallingConnection } from '../transport/connection.ts';
import type { MessageRate } from '../transport/message-rate.ts';
import { tunnelledRas, tunnelOf } from '../transport/ras-tunnel.ts';
import { releaseComplete } from './release.ts';
import type { Setups } from './setup.ts';

interface SignallingOptions {
  log: Log;
  rate: MessageRate;
  /** Told the type of each message that can be read. */
  heard: (type: string) => void;
  setups: Setups;
  /** Takes RAS messages that come over TLS. */
  ras: (message: Buffer, channel: RasChannel) => void;
}

/** Invalid call reference value (Q.850). */
const UNKNOWN_CALL = 81;
/** Messages that tell of a call's end, or ask for it: their answer would be of no use. */
const unanswered = new Set<CallMessage['type']>(['releaseComplete', 'facility', 'information', 'status', 'notify']);

export class Signalling {
  readonly #options: SignallingOptions;

  constructor(options: SignallingOptions) {
    this.#options = options;
  }

  take(packet: Buffer, connection: SignallingConnection): void {
    const { log, rate, heard } = this.#options;
    const address = connection.remote.host;
    if (!rate.allows(address)) return void log.warn('call signalling of one network limited', { address });
    try {
      const message = decodeCall(packet);
      heard(message.type);
      const tunnelled = connection.protocol === 'tls' ? tunnelledRas(message) : undefined;
      if (tunnelled) for (const one of tunnelled) this.#options.ras(one, channelOf(connection));
      else this.#dispatch(message, packet, connection);
    } catch (error) {
      if (!(error instanceof H323Error)) throw error;
      log.info('call signalling unreadable', { address, reason: error.message, bytes: packet.length });
    }
  }

  #dispatch(message: CallMessage, packet: Buffer, connection: SignallingConnection): void {
    const leg = connection.legOf(message);
    const setup = setupOf(message);
    if (leg) leg.received(message, packet);
    else if (setup && !message.isFromDestination) this.#begin(message, setup, connection);
    else if (message.callReference !== 0 && !unanswered.has(message.type)) {
      const side = { reference: message.callReference, isOurs: message.isFromDestination };
      connection.send(releaseComplete(side, { cause: UNKNOWN_CALL }));
    }
  }

  #begin(message: CallMessage, setup: BodyOf<'setup'>, connection: SignallingConnection): void {
    const { setups, log } = this.#options;
    setups.take(message, setup, connection).catch((error: unknown) => log.error('H.323 call set-up failed', { error }));
  }
}

function setupOf({ type, user }: CallMessage): BodyOf<'setup'> | undefined {
  const body = user?.['h323-uu-pdu']['h323-message-body'];
  return type === 'setup' && typeof body === 'object' && 'setup' in body ? body.setup : undefined;
}

/** The connection as a way of RAS messages. */
function channelOf(connection: SignallingConnection): RasChannel {
  const { id, local, remote, tls } = connection;
  const channel: RasChannel = {
    ...{ key: id, protocol: 'tls', local, remote, connection },
    ...(tls ? { tls } : {}),
    send: message => connection.send(tunnelOf(message)),
    at: () => channel,
  };
  return channel;
}
