// Paths (TR-069 A.2.2, 3.6.1) and script names: what is one, and that reading and writing are inverse.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  isPartial,
  matches,
  parentPath,
  parsePath,
  parseScriptName,
  splitPath,
  templateOf,
  withInstances,
} from '../../../shared/model/path.ts';

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/);
const instance = fc.integer({ min: 1, max: 0xffffffff }).map(String);
const alias = fc.stringMatching(/^[A-Za-z0-9. _-]{1,12}$/).map(text => `[${text}]`);
const middle = fc.array(fc.oneof(name, instance, alias, fc.constant('*'), fc.constant('{i}')), { maxLength: 6 });
const full = fc.tuple(name, middle, name).map(([root, nodes, last]) => [root, ...nodes, last].join('.'));
const partial = fc.tuple(name, middle).map(([root, nodes]) => `${[root, ...nodes].join('.')}.`);
const concrete = fc
  .tuple(name, fc.array(fc.oneof(name, instance), { maxLength: 6 }), name)
  .map(([root, nodes, last]) => [root, ...nodes, last].join('.'));

type Path = NonNullable<ReturnType<typeof parsePath>>;

function formatPath(path: Path): string {
  if (path.nodes.length === 0) return '';
  return path.nodes.map(formatNode).join('.') + (path.partial ? '.' : '');
}

function formatNode(node: Path['nodes'][number]): string {
  switch (node.kind) {
    case 'name':
      return node.name;
    case 'instance':
      return String(node.number);
    case 'alias':
      return `[${node.alias}]`;
    case 'wildcard':
      return '*';
    case 'any':
      return '{i}';
  }
}

/** Writes a script name; values that need it are quoted. */
function formatScriptName({ name, keys }: NonNullable<ReturnType<typeof parseScriptName>>): string {
  if (keys.length === 0) return name;
  const dot = name.lastIndexOf('.');
  const text = keys
    .map(([column, value]) => `${column}=${/^[^\s"\\\]]+$/.test(value) ? value : quote(value)}`)
    .join(' ');
  return `${name.slice(0, dot)}[${text}]${name.slice(dot)}`;
}

const quote = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;

describe('a path', () => {
  it('reads any path so that it can be written back unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(full, partial), path => {
        const parsed = parsePath(path);
        assert.ok(parsed, path);
        assert.equal(formatPath(parsed), path);
        assert.equal(parsed.partial, isPartial(path));
      }),
    );
  });

  it('never throws on any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), text => {
        const parsed = parsePath(text);
        if (parsed) assert.equal(formatPath(parsed), text);
        parseScriptName(text);
        splitPath(text);
      }),
    );
  });

  it('refuses empty nodes, leading dots, leading numbers, final instances, over 256 characters', () => {
    const wrong = [
      '.',
      '.Device.',
      'Device..A',
      '1.A',
      'Device.1',
      'Device.A.[x]',
      'Device.A.0.',
      'Device.[a].[[b]].',
      'Device.A b.',
    ];
    for (const path of [...wrong, 'Device.*', 'Device.4294967296.', `Device.${'x'.repeat(250)}`]) {
      assert.equal(parsePath(path), undefined, path);
    }
    assert.deepEqual(parsePath(''), { nodes: [], partial: true });
  });

  it('keeps an alias with a dot in one piece', () => {
    assert.deepEqual(splitPath('Device.A.[cpe.1].B'), ['Device', 'A', '[cpe.1]', 'B']);
  });

  it('splits into a template and its instances, and joins again', () => {
    assert.deepEqual(templateOf('Device.A.3.B.12.C'), { template: 'Device.A.{i}.B.{i}.C', instances: [3, 12] });
    assert.deepEqual(templateOf('Device.X_0090F8_A.Id1.'), { template: 'Device.X_0090F8_A.Id1.', instances: [] });
    fc.assert(
      fc.property(concrete, path => {
        const { template, instances } = templateOf(path);
        assert.equal(withInstances(template, instances), path);
        assert.ok(matches(template, path));
      }),
    );
  });

  it('has a parent path that covers it', () => {
    assert.equal(parentPath('Device.A.3.'), 'Device.A.');
    assert.equal(parentPath('Device.'), '');
    fc.assert(fc.property(concrete, path => matches(parentPath(path), path)));
  });

  it('matches a wildcard for exactly one instance', () => {
    assert.ok(matches('Device.A.*.B', 'Device.A.7.B'));
    assert.ok(matches('Device.A.*.', 'Device.A.7.B.C'));
    assert.ok(matches('Device.A.*.', 'Device.A.7.'));
    assert.ok(!matches('Device.A.*.B', 'Device.A.X.B'));
    assert.ok(!matches('Device.A.*.B', 'Device.A.7.8.B'));
    assert.ok(!matches('Device.A.', 'Device.AB'));
    assert.ok(!matches('Device.A', 'Device.A.B'));
    assert.ok(matches('', 'Device.A'));
  });
});

describe('a script name', () => {
  const identifier = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/);

  it('reads back keys of any value as written', () => {
    const keys = fc.array(fc.tuple(identifier, fc.string()), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(identifier, identifier, identifier, keys, (service, table, column, pairs) => {
        const written = { name: `${service}.${table}.${column}`, keys: pairs };
        assert.deepEqual(parseScriptName(formatScriptName(written)), written);
      }),
    );
  });

  it('reads quoted and bare key values', () => {
    assert.deepEqual(parseScriptName('Aaa.RadiusServers[Service=Cli Priority="1"].AuthenticationHost'), {
      name: 'Aaa.RadiusServers.AuthenticationHost',
      keys: [
        ['Service', 'Cli'],
        ['Priority', '1'],
      ],
    });
    assert.deepEqual(parseScriptName('SipEp.Gateway[Name="a\\"]\\\\"].Port')?.keys, [['Name', 'a"]\\']]);
  });

  it('refuses text that is no script name', () => {
    for (const text of [
      '',
      'SipEp',
      'SipEp.',
      'Sip Ep.A',
      'A.B[].C',
      'A.B[Name].C',
      'A.B[Name=x]',
      'A.B[Name=x]C',
      'A.B[Name="x].C',
      'A.B[Name=a"b].C',
    ]) {
      assert.equal(parseScriptName(text), undefined, text);
    }
  });
});
