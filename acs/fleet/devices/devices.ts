// Devices: what is known of them, and what operators write of them.
import { editVersion } from '../../device/edit-version.ts';
import type { KnownValue } from '../../device/parameter.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { Edit } from '../../store/edit.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { retryConflicts } from '../common/documents.ts';
import type { ProductModels } from '../models/product-models.ts';
import { checkDeviceInput, type DeviceInput, devicePatch, sealOldOverrides } from './device-input.ts';
import {
  type CountSearch,
  countDevices,
  countFacets,
  type DeviceSearch,
  type FacetSearch,
  listDevices,
} from './device-list.ts';
import { checkNew, previewChange, previewNew } from './device-preview.ts';
import { type DeviceView, viewOf } from './device-view.ts';
import { factsOf, type ShownText } from './facts.ts';
import { type KnownRange, knownPages } from './known-parameters.ts';

/** An id with too many hyphens was most likely decoded once too often on its way. */
export const unknownDevice = (id: string): UserError =>
  new UserError(
    404,
    'no-such-device',
    `no device ${id}${id.split('-').length > 3 ? ' (in a URL the id is percent-encoded again: %2D becomes %252D)' : ''}`,
  );

const warningsOf = (warnings: string[]): { warnings?: string[] } => (warnings.length > 0 ? { warnings } : {});

type Guard = () => Promise<void>;

export class Devices {
  readonly #context: FleetContext;
  readonly #models: ProductModels;

  constructor(context: FleetContext, models: ProductModels) {
    this.#context = context;
    this.#models = models;
  }

  /** @throws UserError 404 */
  async row(id: string): Promise<DeviceRow> {
    const found = await this.#context.store.device(id);
    if (!found) throw unknownDevice(id);
    return found;
  }

  /** @throws UserError 404 */
  async view(id: string): Promise<DeviceView> {
    return viewOf(await this.row(id), this.#now);
  }

  /** @throws UserError 400 for a bad filter, sort field or cursor */
  readonly list = (query: DeviceSearch) => listDevices(this.#context, query);

  /** @throws UserError 400 for a bad filter */
  readonly count = (query: CountSearch) => countDevices(this.#context, query);

  /** @throws UserError 400 for a bad filter */
  readonly facets = (query: FacetSearch) => countFacets(this.#context, query);

  /** @throws UserError as `announce` */
  readonly previewNew = (id: string, input: DeviceInput, caller: Caller) =>
    previewNew(this.#context, this.#models, { id, input, caller });
  /** @throws UserError as `patch` */
  readonly previewChange = async (id: string, input: DeviceInput) =>
    await previewChange(this.#context, this.#models, { row: await this.row(id), input });

  /** Registers a device before it comes. @param caller whose rights must reach it then @throws UserError 400, 403, 409 */
  async announce(id: string, input: DeviceInput, caller?: Caller): Promise<DeviceView> {
    const { store, secrets } = this.#context;
    const { identity, warnings } = await checkNew(this.#context, this.#models, { id, input, caller });
    const patch = devicePatch(secrets, input);
    const row = await store.apply(id, 'announced', { identity, now: this.#now, patch });
    return { ...viewOf(row, this.#now), ...warningsOf(warnings) };
  }

  /** @param guard called once the input is checked, before anything changes @throws UserError 400, 404, 409, 412; what `guard` throws */
  async patch(id: string, input: DeviceInput, guard?: Guard, edit = new Edit()): Promise<DeviceView> {
    const { store, secrets } = this.#context;
    const warnings = await checkDeviceInput(this.#context, this.#models, { id, product: () => this.row(id) }, input);
    await guard?.();
    const patch = devicePatch(secrets, input);
    const sealed = sealOldOverrides(secrets, (await this.row(id)).overrides);
    if (Object.keys(sealed).length > 0) patch.overrides = { ...sealed, ...patch.overrides };
    const write = (expected: Expected): Promise<DeviceRow> =>
      store.apply(id, 'patched', { patch, now: this.#now, ...expected });
    const row = await ifAllowed(() => this.row(id), edit, write);
    edit.wrote(editVersion(row));
    return { ...viewOf(row, this.#now), ...warningsOf(warnings) };
  }

  /** @throws UserError 404, 412 */
  async remove(id: string, edit = new Edit()): Promise<void> {
    const remove = (expected: Expected): Promise<boolean> => this.#context.store.apply(id, 'removed', expected);
    if (!(await ifAllowed(() => this.row(id), edit, remove))) throw unknownDevice(id);
    this.#context.events.emit('removed', { device: id });
  }

  /** The known values of a device in a range, page by page. */
  readonly knownPages = (row: DeviceRow, range: KnownRange): AsyncGenerator<KnownValue[]> =>
    knownPages(this.#context.store, row, range);
  readonly facts = (row: DeviceRow, shown: ShownText) => factsOf(this.#context.store, row, shown);

  get #now(): number {
    return this.#context.clock.now();
  }
}

/** The version in which a device must be; absent: any. */
interface Expected {
  expected?: string;
}

/** Changes a device in the version that the edit allows. @throws UserError 404, 412 */
async function ifAllowed<R>(
  row: () => Promise<DeviceRow>,
  edit: Edit,
  change: (expected: Expected) => Promise<R>,
): Promise<R> {
  if (!edit.isConditional) return await change({});
  return await retryConflicts(async () => {
    const expected = editVersion(await row());
    edit.assertAllows(expected);
    return await change({ expected });
  });
}
