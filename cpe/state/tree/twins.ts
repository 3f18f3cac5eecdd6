// Values under two names: a standard parameter that shows a variable of the DGW, whole, in part, or in other words.
import type { Model, ParameterDef } from '../../../shared/model/definitions.ts';

/** One value under two names (`Cwmp.PeriodicInformEnable` and `Device.ManagementServer.PeriodicInformEnable`). */
export interface Twin {
  /** Template path under which the value is stored. */
  path: string;
  def: ParameterDef;
  /** Instance numbers of the stored value behind those of the twin: the last ones, as many as its path has. */
  instances(of: readonly number[]): number[];
  /** The reverse: the tables above that the twin alone has hold one row each. */
  shownAt(instances: readonly number[]): number[];
  /** Stored form → the twin's form. */
  show(value: string): string;
  /** The stored form of a value. @param stored the present one, of which it may be a part */
  take(value: string, stored: string): string;
}

type Form = Pick<Twin, 'show' | 'take'>;

const same: Form = { show: value => value, take: value => value };
const enables: Form = {
  show: value => (value === 'Enable' ? '1' : '0'),
  take: value => (value === '1' ? 'Enable' : 'Disable'),
};

/** `host:port`, where 0.0.0.0 stands for no host. */
function parts(text: string): { host: string; port: string } {
  const [, host = '', port = '0'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text) ?? [];
  return { host: host === '0.0.0.0' ? '' : host, port };
}

const host: Form = {
  show: value => parts(value).host,
  take: (value, stored) => `${value === '' ? '0.0.0.0' : value}:${parts(stored).port}`,
};
const port: Form = {
  show: value => parts(value).port,
  take: (value, stored) => `${parts(stored).host || '0.0.0.0'}:${value}`,
};

/** @param pairs `Enabled=Enable Disabled=Disable`: the twin's words and the stored ones */
function words(pairs: string): Form {
  const list = pairs.split(' ').map(pair => pair.split('='));
  return {
    show: value => list.find(([, stored]) => stored === value)?.[0] ?? value,
    take: value => list.find(([shown]) => shown === value)?.[1] ?? value,
  };
}

function formOf(view: ParameterDef, source: ParameterDef): Form {
  if (view.form === 'host') return host;
  if (view.form === 'port') return port;
  if (view.form !== undefined) return words(view.form);
  const isSwitch = view.type === 'boolean' && source.enumeration?.some(entry => entry.label === 'Enable') === true;
  return isSwitch ? enables : same;
}

const depth = (path: string): number => path.split('{i}').length - 1;

function twinOf(view: ParameterDef, source: ParameterDef): Twin {
  const [ownDepth, viewDepth] = [depth(source.path), depth(view.path)];
  const above = Array.from({ length: viewDepth - ownDepth }, () => 1);
  return {
    path: source.path,
    def: source,
    instances: of => (ownDepth === 0 ? [] : of.slice(-ownDepth)),
    shownAt: instances => [...above, ...instances],
    ...formOf(view, source),
  };
}

/** @returns by template path: the twin of a parameter that shows another, and the parameters that show one */
export function indexTwins(model: Model): { twins: Map<string, Twin>; shownAs: Map<string, string[]> } {
  const twins = new Map<string, Twin>();
  const shownAs = new Map<string, string[]>();
  for (const def of model.parameters.values()) {
    const other = def.sameAs ? model.parameters.get(def.sameAs) : undefined;
    if (!other) continue;
    // The DGW variable holds the value; the standard parameter shows it.
    const [source, view] = def.script && !other.script ? [def, other] : [other, def];
    if (twins.has(source.path) || twins.has(view.path)) continue;
    twins.set(view.path, twinOf(view, source));
    shownAs.set(source.path, [...(shownAs.get(source.path) ?? []), view.path]);
  }
  return { twins, shownAs };
}
