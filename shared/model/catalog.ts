// Definitions → a Model: the indexes behind children, resolve, variable and table.
import type { Model, ModelDocument, ObjectDef, ParameterDef, VariableRef } from './definitions.ts';
import { parseScriptName, templateOf } from './path.ts';

const RPCS = [
  'GetRPCMethods',
  'SetParameterValues',
  'GetParameterValues',
  'GetParameterNames',
  'SetParameterAttributes',
  'GetParameterAttributes',
  'AddObject',
  'DeleteObject',
  'Reboot',
  'Download',
];

interface Children {
  objects: ObjectDef[];
  parameters: ParameterDef[];
}

/** Builds the indexes of a model. Definitions are kept as given and never changed. */
export function buildModel(document: ModelDocument): Model {
  const objects = new Map(document.objects.map(def => [def.path, def]));
  const parameters = new Map(document.parameters.map(def => [def.path, def]));
  const children = indexChildren(document);
  const variables = indexVariables(document.parameters);
  const tables = new Map<string, ObjectDef>();
  for (const def of document.objects) if (def.script) tables.set(def.script.toLowerCase(), def);
  const root = document.objects[0]?.path === 'InternetGatewayDevice.' ? 'InternetGatewayDevice.' : 'Device.';

  return {
    name: document.name,
    version: document.version,
    root,
    objects,
    parameters,
    // A document that says nothing about RPCs: those TR-069 3.6 requires of every CPE.
    methods: document.methods.length > 0 ? document.methods : RPCS,
    services: document.services,
    children: path => children.get(path) ?? { objects: [], parameters: [] },
    resolve(path) {
      const { template, instances } = templateOf(path);
      const def = template.endsWith('.') ? objects.get(template) : parameters.get(template);
      return def && { def, instances };
    },
    variable: name => findVariable(variables, name),
    table: name => tables.get(name.toLowerCase()),
  };
}

/** Parent of a template path; a table's `Name.{i}.` counts as one step. */
function parentOf(path: string): string {
  const bare = path.replace(/(\.\{i\})?\.$/, '');
  const dot = bare.lastIndexOf('.');
  return dot < 0 ? '' : bare.slice(0, dot + 1);
}

function indexChildren(document: ModelDocument): Map<string, Children> {
  const index = new Map<string, Children>();
  const at = (path: string): Children => {
    let entry = index.get(path);
    if (!entry) {
      entry = { objects: [], parameters: [] };
      index.set(path, entry);
    }
    return entry;
  };
  for (const def of document.objects) at(parentOf(def.path)).objects.push(def);
  for (const def of document.parameters) at(parentOf(def.path)).parameters.push(def);
  return index;
}

/** Canonical names without their keys, lower case: `sipep.gateway.secureport`. */
function indexVariables(parameters: readonly ParameterDef[]): Map<string, ParameterDef> {
  const index = new Map<string, ParameterDef>();
  for (const def of parameters) {
    if (def.script) index.set(def.script.replace(/\[[^[\]]*\]/, '').toLowerCase(), def);
  }
  return index;
}

function findVariable(index: Map<string, ParameterDef>, name: string): VariableRef | undefined {
  const parsed = parseScriptName(name);
  if (!parsed) return undefined;
  const parameter = index.get(parsed.name.toLowerCase());
  if (!parameter) return undefined;
  const columns = [...(parameter.script?.match(/\[([^[\]]*)\]/)?.[1] ?? '').matchAll(/(?<![^\s=])([^\s=]+)=/g)].map(
    m => m[1]!,
  );
  const given = new Map(parsed.keys.map(([key, value]) => [key.toLowerCase(), value]));
  if (given.size !== parsed.keys.length || given.size !== columns.length) return undefined;
  const keys: Record<string, string> = {};
  for (const column of columns) {
    const value = given.get(column.toLowerCase());
    if (value === undefined) return undefined;
    keys[column] = value;
  }
  return { parameter, keys };
}
