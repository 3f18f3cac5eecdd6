// The model of one device, as it is listed: what its product has, and how sure that is.
import { xsdType } from '../../../shared/model/definitions.ts';
import { isPartial } from '../../../shared/model/path.ts';
import { Turns } from '../../../shared/turns.ts';
import type { ModelItem } from '../models/catalogue.ts';
import type { Product } from '../models/learned-model.ts';
import type { ProductModel } from '../models/product-model.ts';
import type { ProductModels } from '../models/product-models.ts';
import type { Devices } from './devices.ts';

/** Names that are looked at without a break. */
const PORTION = 200;

export interface DeviceModelItem extends ModelItem {
  /** Only a standard has it, of which the product implements a part: no device of the product has told of it. */
  unsure?: true;
}

export interface DeviceModel {
  product: Product;
  /** The product has nothing else. */
  isComplete: boolean;
  items: DeviceModelItem[];
}

export class DeviceModels {
  readonly #devices: Pick<Devices, 'row'>;
  readonly #products: ProductModels;

  constructor(devices: Pick<Devices, 'row'>, products: ProductModels) {
    this.#devices = devices;
    this.#products = products;
  }

  /**
   * The parameters and objects of a device's model, by path.
   * @param paths full paths, with instance numbers as in the device; or partial ones for all below them
   * @throws UserError 404
   */
  async read(device: string, paths: readonly string[]): Promise<DeviceModel> {
    const [model] = (await this.#products.ofDevice(await this.#devices.row(device))).models;
    if (!model) throw new Error(`no model of ${device}`);
    const turns = new Turns(PORTION);
    const found = new Map<string, DeviceModelItem>();
    for (const path of paths) {
      const names = isPartial(path) ? await namesBelow(model, path, turns) : [path];
      for (const name of names) {
        const item = itemOf(model, name);
        if (item) found.set(name, item);
        await turns.spent(1);
      }
    }
    const items = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return { product: model.product, isComplete: model.isComplete, items };
  }
}

async function namesBelow(model: ProductModel, path: string, turns: Turns): Promise<Set<string>> {
  const names = new Set<string>();
  for (const name of model.names(templateBelow(path))) {
    names.add(name);
    await turns.spent(1);
  }
  return names;
}

/** The partial path with `{i}` in place of instance numbers. */
const templateBelow = (path: string): string => path.replace(/\.\d+(?=\.)/g, '.{i}');

function itemOf(model: ProductModel, path: string): DeviceModelItem | undefined {
  const parameter = isPartial(path) ? undefined : model.parameter(path);
  const known = parameter ?? model.object(path);
  if (!known) return undefined;
  const def = parameter?.def;
  return {
    path,
    writable: known.writable,
    type: isPartial(path) ? 'object' : def && xsdType(def),
    ...(def ? { def } : {}),
    ...(known.absent ? { absent: true as const } : {}),
    ...(model.isOfStandard(path) ? { unsure: true as const } : {}),
  };
}
