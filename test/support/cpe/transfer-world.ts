// A unit with an ACS and a file server, both scripted: file transfers as tests order, serve and observe them.
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import {
  type Answer,
  argumentsOf,
  ask,
  informResponse,
  type ScriptedAcs,
  type Step,
  scriptedAcs,
} from './scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from './unit.ts';

export const IMAGE = '1 Firmware Upgrade Image';
export const SCRIPT = '3 Vendor Configuration File';

export const firmware = (version = '49.0.2809', product = '4102S'): Buffer =>
  packFirmware({ product, version, payload: Buffer.from(`code of ${version}`) });

/** An answer of the file server. */
export const file = (text: Buffer | string): Answer => ({
  text,
  headers: { 'Content-Type': 'application/octet-stream' },
});

export const download = (more: Partial<Arguments<'Download'>> = {}): Answer =>
  ask('Download', {
    CommandKey: 'key',
    FileType: SCRIPT,
    URL: '',
    Username: '',
    Password: '',
    FileSize: 0,
    TargetFileName: '',
    DelaySeconds: 0,
    SuccessURL: '',
    FailureURL: '',
    ...more,
  });

export class TransferWorld {
  readonly acs: ScriptedAcs;
  readonly files: ScriptedAcs;
  #unit: TestUnit | undefined;

  static async open(): Promise<TransferWorld> {
    return new TransferWorld(await scriptedAcs(), await scriptedAcs({ path: '/file' }));
  }

  private constructor(acs: ScriptedAcs, files: ScriptedAcs) {
    this.acs = acs;
    this.files = files;
  }

  get unit(): TestUnit {
    if (!this.#unit) throw new Error('there is no unit yet');
    return this.#unit;
  }

  /** Makes the unit of the test, without a boot. */
  async make(options: UnitOptions = {}): Promise<TestUnit> {
    this.#unit = await testUnit({ url: this.acs.url, ...options });
    return this.#unit;
  }

  /** Boots a unit whose first session plays these steps after InformResponse. */
  async start(steps: Step[], options: UnitOptions = {}): Promise<void> {
    this.acs.play(informResponse(), ...steps);
    const unit = await this.make(options);
    await unit.boot();
    await unit.ended(1);
  }

  /** Events of a session, from 1, with their command keys. */
  events(session: number): string[] {
    return this.unit.events(session);
  }

  /** All TransferCompletes received by the ACS. */
  completes(): Arguments<'TransferComplete'>[] {
    const { acs } = this;
    return acs.heard
      .filter((_, at) => acs.names()[at] === 'TransferComplete')
      .map(heard => argumentsOf(heard, 'TransferComplete'));
  }

  /** Number of Informs received by the ACS. */
  informs(): number {
    return this.acs.names().filter(name => name === 'Inform').length;
  }

  /** Waits until `count` transfers are complete and the session is over. @returns the last TransferComplete */
  async done(count = 1, informsBefore = 0): Promise<Arguments<'TransferComplete'> | undefined> {
    const { unit } = this;
    await unit.until(() => this.completes().length >= count && unit.device.state.facts.transfers.length === 0);
    await unit.ended(this.informs() - informsBefore);
    return this.completes().at(-1);
  }

  async close(): Promise<void> {
    await this.#unit?.close();
    await this.acs.close();
    await this.files.close();
  }
}

/** Lets the pauses pass after which a server that went away is tried again, and `silence` where it does not answer at all. */
export async function outlast({ unit, files }: TransferWorld, silence = 0): Promise<void> {
  const open = () => unit.device.state.facts.transfers.filter(({ state }) => state !== 'ended');
  for (let heard = 1; open().length > 0; heard++) {
    if (silence) {
      await files.until(heard);
      await unit.clock.advance(silence);
    }
    await unit.until(() => open().every(({ state, notBefore }) => state === 'queued' && notBefore > unit.clock.now()));
    const next = Math.min(...open().map(({ notBefore }) => notBefore));
    if (Number.isFinite(next)) await unit.clock.advance(next - unit.clock.now());
  }
}
