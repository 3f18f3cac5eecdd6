// The models by which wishes are judged: those of the products that a filter fits, or of one device.
import { builtinModel } from '../../../shared/model/datamodel.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import { belowRoot } from '../../../shared/model/gateway-root.ts';
import type { StoredDocument } from '../../store/records.ts';
import type { FleetContext } from '../common/context.ts';
import { quirksOf } from '../common/quirks.ts';
import type { ModelCatalogue } from './catalogue.ts';
import { type FittingProduct, fittingProducts, productOf } from './fitting-products.ts';
import { isOfProduct, isStandard } from './given-model.ts';
import type { Judges } from './judge.ts';
import type { LearnedEntries, LearnedModel, Product } from './learned-model.ts';
import { ProductModel } from './product-model.ts';

export class ProductModels {
  readonly #context: FleetContext;
  readonly #catalogue: ModelCatalogue;

  constructor(context: FleetContext, catalogue: ModelCatalogue) {
    this.#context = context;
    this.#catalogue = catalogue;
  }

  /** The models of the devices that a preset's filter fits; those of any device where none fits yet. */
  async fitting(when: string | undefined): Promise<Judges> {
    const fitting = await fittingProducts(this.#context, when);
    if (fitting.length > 0) return { models: await this.#modelsOf(fitting), isOpen: false };
    const learned = (await this.#catalogue.learned()).map(({ body }) => body.product);
    const models = await this.#modelsOf([...anyProducts, ...learned].map(product => ({ product, devices: 0 })));
    return { models, isOpen: true, ...(when ? { isVague: true } : {}) };
  }

  /** The model of one device. */
  async ofDevice(row: Product): Promise<Judges> {
    return { models: await this.#modelsOf([{ product: productOf(row), devices: 1 }]), isOpen: false };
  }

  async #modelsOf(products: readonly FittingProduct[]): Promise<ProductModel[]> {
    const learned = await this.#catalogue.learned();
    const given = await this.#catalogue.given();
    const [dgw, device] = [await builtinModel('dgw'), await builtinModel('device')];
    return products.map(({ product, devices }) => {
      const isDgw = quirksOf(product, this.#context.quirks).model === 'dgw';
      const ofProduct = given.filter(({ body }) => isOfProduct(body.marks, product)).map(({ model }) => model);
      const standards = given.filter(({ body }) => isStandard(body.marks)).map(({ model }) => model);
      return new ProductModel(product, devices, isDgw, {
        learned: entriesFor(product, learned),
        documents: isDgw ? [...ofProduct, belowRoot(dgw, product.root)] : ofProduct,
        // A DGW's own parameters have the prefix of their maker, under whatever name it is sold.
        // A DGW has what its own model has, whatever a standard knows.
        standards: (isDgw ? [device] : [...standards, device, vendorPart(dgw)]).flatMap(model =>
          servicesBelow(model, product.root),
        ),
      });
    });
  }
}

const productNamed = (oui: string, root: string): Product => ({
  oui,
  productClass: '',
  softwareVersion: '',
  manufacturer: '',
  root,
});

/** A DGW, and any other device with each of the roots. */
const anyProducts = [
  productNamed('0090F8', 'Device.'),
  productNamed('0090F8', 'InternetGatewayDevice.'),
  productNamed('', 'Device.'),
  productNamed('', 'InternetGatewayDevice.'),
];

/** The facts that devices of the product have told: those with the same firmware first. */
function entriesFor(product: Product, learned: readonly StoredDocument<LearnedModel>[]): LearnedEntries[] {
  const same = learned
    .map(({ body }) => body)
    .filter(
      ({ product: { oui, productClass, root } }) =>
        oui === product.oui && productClass === product.productClass && root === product.root,
    );
  const isOwn = (body: LearnedModel): boolean => body.product.softwareVersion === product.softwareVersion;
  return [...same.filter(isOwn), ...same.filter(body => !isOwn(body))].map(({ entries }) => entries);
}

const vendorPart = (dgw: Model): Model => ({
  ...dgw,
  resolve: path => (path.startsWith('Device.X_0090F8_') ? dgw.resolve(path) : undefined),
});

/** The model as devices with that root have it: service objects (TR-104, …) hang below either root; no others do. */
function servicesBelow(model: Model, root: string): Model[] {
  if (model.root === root) return [model];
  const isService = [...model.objects.keys()].every(path => path.startsWith('Device.Services.'));
  if (!isService) return [];
  const start = `${root}Services.`;
  const resolve: Model['resolve'] = path =>
    path.startsWith(start) ? model.resolve(`Device.Services.${path.slice(start.length)}`) : undefined;
  return [{ ...model, resolve }];
}
