// The notifications about one registration: a failure that stays the same is reported once.
import type { Notify } from '../notifications.ts';
import type { RegistrationState } from './registrar.ts';

interface NoticeOptions {
  user: string;
  config: { gateway: string };
  notify: Notify;
}

/** States between two others. */
const passing: readonly RegistrationState[] = ['Registering', 'Refreshing', 'Unregistering'];

export class RegistrationNotices {
  readonly #options: NoticeOptions;
  /** The state that was reported last. */
  #reported: RegistrationState = 'Unregistered';

  constructor(options: NoticeOptions) {
    this.#options = options;
  }

  entered(state: RegistrationState): void {
    if (passing.includes(state) || state === this.#reported) return;
    const { user, config, notify } = this.#options;
    const facts = { user, gateway: config.gateway };
    if (state === 'Registered') notify('registered', facts);
    else if (state !== 'Unregistered')
      notify(this.#reported === 'Registered' ? 'registrationLost' : 'registrationFailed', { ...facts, state });
    this.#reported = state;
  }
}
