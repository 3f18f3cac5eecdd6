// Messages of CPEs that have proved nothing yet, and their answers: kept until the sender that was challenged answers the challenge.
import type { TracedMessage } from '../../fleet/common/traced-session.ts';

export interface Challenged {
  device: string;
  /** Without its XML, which is masked only when its sender has proved itself. */
  message: TracedMessage;
  body: Buffer;
  answer: TracedMessage;
}

/** The oldest are forgotten. */
const MAX_CHALLENGED = 50;

export class ChallengedMessages {
  /** By the nonce of the challenge: only the sender that was challenged answers it. */
  readonly #byNonce = new Map<string, Challenged>();

  /** @param challenge the header `WWW-Authenticate` */
  keep(challenge: unknown, challenged: Challenged): void {
    const nonce = nonceIn(String(challenge ?? ''));
    if (nonce === '') return;
    const [oldest] = this.#byNonce.keys();
    if (oldest !== undefined && this.#byNonce.size >= MAX_CHALLENGED) this.#byNonce.delete(oldest);
    this.#byNonce.set(nonce, challenged);
  }

  /** @param authorization the header of the sender that answers */
  take(authorization: string | undefined): Challenged | undefined {
    const nonce = nonceIn(authorization ?? '');
    const challenged = this.#byNonce.get(nonce);
    this.#byNonce.delete(nonce);
    return challenged;
  }
}

const nonceIn = (header: string): string => /\bnonce="?([\w-]{1,100})/.exec(header)?.[1] ?? '';
