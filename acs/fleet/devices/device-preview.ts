// A device as an input would make it: checked as the change itself, and not stored.
import { newRow } from '../../device/operations/new-row.ts';
import type { DeviceIdentity, DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import type { Caller } from '../access/caller.ts';
import type { FleetContext } from '../common/context.ts';
import { openedText, type Secrets } from '../common/secrets.ts';
import type { Product } from '../models/learned-model.ts';
import type { ProductModels } from '../models/product-models.ts';
import { identityIn } from './device-id.ts';
import { checkDeviceInput, type DeviceInput, withInput } from './device-input.ts';
import { type DeviceView, viewOf } from './device-view.ts';

export interface DevicePreview {
  before?: DeviceView;
  after: DeviceView;
  /** The input has secrets, which no view shows, and they differ. */
  isChanged: boolean;
}

/** @returns the parts of the id, and warnings @throws UserError 400, 403, 409 as a registration */
export async function checkNew(
  context: FleetContext,
  models: ProductModels,
  { id, input, caller }: { id: string; input: DeviceInput; caller?: Caller | undefined },
): Promise<{ identity: DeviceIdentity; warnings: string[] }> {
  const identity = identityIn(id);
  const product = async (): Promise<Product> => ({ ...identity, softwareVersion: '', root: '' });
  const warnings = await checkDeviceInput(context, models, { id, product }, input);
  const row = newRow(id, identity, 'known', context.clock.now());
  if (caller?.isScoped) await caller.assertKeeps(withInput(row, input));
  return { identity, warnings };
}

/** @throws UserError as a registration */
export async function previewNew(
  context: FleetContext,
  models: ProductModels,
  about: { id: string; input: DeviceInput; caller: Caller },
): Promise<DevicePreview> {
  const { identity } = await checkNew(context, models, about);
  const { id, input } = about;
  if (await context.store.device(id)) throw new UserError(409, 'device-exists', `device ${id} exists already`);
  const now = context.clock.now();
  return { after: viewOf(withInput(newRow(id, identity, 'known', now), input), now), isChanged: false };
}

/** @throws UserError 400, 409 as the change */
export async function previewChange(
  context: FleetContext,
  models: ProductModels,
  { row, input }: { row: DeviceRow; input: DeviceInput },
): Promise<DevicePreview> {
  await checkDeviceInput(context, models, { id: row.id, product: async () => row }, input);
  const now = context.clock.now();
  const after = withInput(row, input);
  return { before: viewOf(row, now), after: viewOf(after, now), isChanged: hasNewSecret(context.secrets, row, input) };
}

function hasNewSecret(
  secrets: Secrets,
  row: DeviceRow,
  { credentials, connectionRequest, site = {} }: DeviceInput,
): boolean {
  if (connectionRequest) return true;
  const { username, password } = row.credentials ?? {};
  if (credentials && credentials.username !== username) return true;
  if (credentials && (password === undefined || secrets.open(password) !== credentials.password)) return true;
  return Object.entries(site).some(
    ([name, text]) => text !== null && openedText(secrets, row.site[name] ?? '') !== openedText(secrets, text),
  );
}
