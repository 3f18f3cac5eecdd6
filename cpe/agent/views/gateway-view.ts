// The unit's data model below the root InternetGatewayDevice (TR-098).

import { buildModel } from '../../../shared/model/catalog.ts';
import type { Model, ObjectDef, ParameterDef } from '../../../shared/model/definitions.ts';
import { devicePath, gatewayPath, gatewayTemplate } from '../../../shared/model/gateway-root.ts';
import { isPartial } from '../../../shared/model/path.ts';
import type { Device } from '../../state/device.ts';
import { readNames, readValues } from '../../state/tree/reads.ts';
import { type Found, Tree } from '../../state/tree/tree.ts';
import type { AcsView } from './acs-view.ts';
import { forcedParameters } from './forced.ts';

const ROOT = 'InternetGatewayDevice.';
const WAN = `${ROOT}WANDevice.{i}.`;
const CONNECTIONS = `${WAN}WANConnectionDevice.{i}.`;

const one = { minEntries: 0, maxEntries: 1, keys: [], multi: true, fixed: true, writable: false, rows: [{}] };

/** The objects above the WAN connection, with one row each. */
const wanObjects: readonly ObjectDef[] = [
  { ...one, path: WAN, numberOfEntries: `${ROOT}WANDeviceNumberOfEntries` },
  { ...one, path: CONNECTIONS, numberOfEntries: `${WAN}WANConnectionNumberOfEntries` },
  {
    ...one,
    path: `${CONNECTIONS}WANIPConnection.{i}.`,
    numberOfEntries: `${CONNECTIONS}WANIPConnectionNumberOfEntries`,
  },
];

const fact = (path: string, rest: Pick<ParameterDef, 'type' | 'default'>): ParameterDef => ({
  ...{ path, name: path.slice(path.lastIndexOf('.') + 1), ...rest },
  ...{ writable: false, hidden: false, forcedInform: false, activeNotify: 'normal', needsRestart: false },
});

const count = (path: string): ParameterDef => fact(path, { type: 'unsignedInt', default: '0' });

const gatewayFacts: readonly ParameterDef[] = [
  count(`${ROOT}LANDeviceNumberOfEntries`),
  ...wanObjects.flatMap(({ numberOfEntries }) => (numberOfEntries ? [count(numberOfEntries)] : [])),
  count(`${CONNECTIONS}WANPPPConnectionNumberOfEntries`),
  { ...fact(`${ROOT}DeviceInfo.SpecVersion`, { type: 'string', default: '1.0' }), forcedInform: true },
];

const models = new WeakMap<Model, Model>();

function gatewayModel(own: Model): Model {
  let model = models.get(own);
  if (!model) {
    model = buildModel({
      ...{ name: 'InternetGatewayDevice', version: '1.8', methods: [...own.methods], services: [] },
      objects: [...[...own.objects.values()].flatMap(moved), ...wanObjects],
      parameters: [...[...own.parameters.values()].flatMap(moved), ...gatewayFacts],
    });
    models.set(own, model);
  }
  return model;
}

/** A definition under its other name; none where a gateway has no such object, or another of its own in the place. */
function moved<Def extends ParameterDef | ObjectDef>(def: Def): Def[] {
  const shown = gatewayPath(def.path);
  if (shown === undefined) return [];
  const path = gatewayTemplate(shown);
  if (wanObjects.some(wan => wan.path === path)) return [];
  const name = path.slice(path.lastIndexOf('.') + 1);
  const counter = 'numberOfEntries' in def && def.numberOfEntries ? gatewayPath(def.numberOfEntries) : undefined;
  const { sameAs: _sameAs, follows: _follows, shownBy: _shownBy, ...rest } = def as ParameterDef & ObjectDef;
  return [
    { ...(rest as unknown as Def), path, ...(name !== '' && { name }), ...(counter && { numberOfEntries: counter }) },
  ];
}

/** The unit's tree under the names of a gateway: it has no values of its own. */
class GatewayTree extends Tree {
  readonly #own: Tree;

  constructor(own: Tree) {
    super(gatewayModel(own.model), [], { value: () => undefined, rows: () => undefined });
    this.#own = own;
  }

  override has(template: string): boolean {
    const own = devicePath(template);
    return own === undefined || this.#own.has(own);
  }

  override rows(table: string): readonly number[] {
    const own = devicePath(table);
    return own !== undefined && this.#own.findObject(own) ? this.#own.rows(own) : super.rows(table);
  }

  override value(path: string, found: Found): string {
    const own = devicePath(path);
    const ownFound = own === undefined ? undefined : this.#own.find(own);
    return own !== undefined && ownFound ? this.#own.value(own, ownFound) : this.stored(path, found);
  }
}

export function gatewayView({ config, model }: Device): AcsView {
  // A new tree for each request: the unit's own is replaced with each change.
  const tree = (): Tree => new GatewayTree(config.tree);
  const ownOf = (path: string): string[] => {
    const own = devicePath(path);
    return own === undefined ? [] : [own];
  };
  const parameters = (path: string): string[] =>
    readNames(tree(), path, false).flatMap(({ Name }) => (isPartial(Name) ? [] : [Name]));
  return {
    root: ROOT,
    read: path => readValues(tree(), path),
    names: (path, nextLevel) => readNames(tree(), path, nextLevel),
    attributes: path =>
      parameters(path).map(Name => {
        const own = devicePath(Name);
        const found = own === undefined ? undefined : config.attributes.read(own)[0];
        return found ? { ...found, Name } : { Name, Notification: 0, AccessList: ['Subscriber'] };
      }),
    own: path => (isPartial(path) && devicePath(path) === undefined ? parameters(path).flatMap(ownOf) : ownOf(path)),
    shown: gatewayPath,
    forced: () => [
      ...forcedParameters(model).flatMap(path => gatewayPath(path) ?? []),
      ...[`${ROOT}DeviceInfo.SpecVersion`, `${ROOT}DeviceInfo.ProvisioningCode`],
    ],
  };
}
