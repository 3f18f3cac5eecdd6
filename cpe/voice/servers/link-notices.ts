// The notifications about one persistent connection: each outage is reported once, and again when its reason changes.
import { messageOf } from '../../../shared/errors.ts';
import { type Address, addressText, type Flow } from '../../../shared/sip/flow-types.ts';
import { TlsRefused } from '../../../shared/tls/connect.ts';
import { isAboutCertificate } from '../../../shared/tls/judge.ts';
import type { UserAgentConfig, UserAgentEnv } from '../settings.ts';

export class LinkNotices {
  readonly #env: UserAgentEnv;
  readonly #facts: { server: string; gateway: string };
  readonly #isUdp: boolean;
  /** Of the outage under way; '' while connected. */
  #reason = '';
  #isAnnounced = false;

  constructor(config: UserAgentConfig, env: UserAgentEnv, target: Address) {
    this.#env = env;
    this.#facts = { server: addressText(target), gateway: config.gateway };
    this.#isUdp = config.transport === 'udp';
  }

  /** An attempt begins: the first one of each outage is announced. */
  connecting(): void {
    if (this.#isAnnounced || this.#isUdp) return;
    this.#isAnnounced = true;
    this.#env.notify('connecting', this.#facts);
  }

  up(flow: Flow): void {
    this.#reason = '';
    this.#isAnnounced = false;
    if (flow.protocol === 'tls') this.#env.notify('tlsReady', this.#facts);
  }

  failed(error: unknown): void {
    const reason = messageOf(error);
    if (reason === this.#reason) return;
    this.#reason = reason;
    const verdict = error instanceof TlsRefused ? error.verdict.reason : undefined;
    if (verdict === 'client-certificate-missing') this.#env.notify('clientCertificateMissing', this.#facts);
    else if (verdict && isAboutCertificate(verdict)) this.#env.notify('certificateRefused', { ...this.#facts, reason });
    else this.#env.notify('connectionFailed', { ...this.#facts, reason });
  }

  lost(reason: string): void {
    this.#env.notify('connectionLost', { ...this.#facts, reason });
  }
}
