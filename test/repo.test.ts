// The rules of the house, held by tests: who may import whom, where impure calls live, what a file may be.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);
const sources = tracked.filter(file => /\.tsx?$/.test(file));
const text = (file: string): string => readFileSync(root + file, 'utf8');
/** Source without comments and string contents, so that words in them do not count. */
const code = (file: string): string => text(file).replace(/\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*$/gm, '');

const importsOf = (file: string): string[] =>
  [...text(file).matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm)].map(
    found => found[1] ?? found[2] ?? '',
  );
const target = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? posix.normalize(posix.join(dirname(file), specifier)) : undefined;
const roomOf = (file: string): string => file.split('/')[0] ?? '';

/** Files of acs/ from left to right: each may import its own room and those further right. */
const acsRooms = [
  ['main', 'server', 'cli'],
  ['app', 'relay'],
  ['south', 'north'],
  ['fleet'],
  ['store'],
  ['query', 'device'],
];
const acsLeaves = ['events', 'errors', 'metrics', 'config'];
/** cpe: main → run | fleet | packfirmware → setup → gateway → agent | services | script | web | shell | snmp → state; web, shell and snmp → services; services → voice. */
const cpeAllowed: Record<string, string[]> = {
  main: ['options', 'run', 'fleet', 'pack-firmware', 'faults', 'control'],
  control: ['options', 'services', 'voice', 'state'],
  run: [
    'control',
    'options',
    'network',
    'setup',
    'gateway',
    'profile',
    'unit-pages',
    'unit-console',
    'unit-snmp',
    'shell',
    'snmp',
    'services',
    'state',
    'agent',
  ],
  'unit-pages': ['options', 'services', 'web'],
  'unit-console': ['late-server', 'options', 'shell'],
  'unit-snmp': ['late-server', 'options', 'services', 'snmp'],
  'late-server': ['services'],
  fleet: ['options', 'network', 'run', 'setup', 'gateway', 'profile', 'faults', 'state', 'agent'],
  'pack-firmware': ['options'],
  setup: ['options', 'gateway', 'profile', 'state', 'agent'],
  options: ['faults', 'network'],
  network: [],
  notifications: [],
  gateway: ['unit', 'agent', 'services', 'state', 'profile'],
  unit: ['agent', 'services', 'state', 'profile', 'notifications'],
  profile: ['services', 'state'],
  faults: ['state'],
  services: ['network', 'voice', 'state', 'script', 'agent', 'notifications'],
  agent: ['state'],
  script: ['state'],
  web: ['services', 'script', 'state', 'notifications'],
  shell: ['services', 'script', 'state', 'notifications'],
  snmp: ['services', 'state', 'notifications'],
  voice: ['notifications'],
  state: ['notifications'],
};
/** Time and randomness of the programs, and of the pages in the browser. */
const impureHomes = ['shared/clock.ts', 'acs/ui/state/clock.ts'];
/** Rooms of acs/ui from left to right: each may import its own and those further right. */
const pageRooms = ['main', 'shell', 'screens', 'components', 'state', 'api', 'words'];
const pageRank = (file: string): number => pageRooms.indexOf((file.split('/')[2] ?? '').replace(/\.tsx?$/, ''));
const screenOf = (file: string): string | undefined => /^acs\/ui\/screens\/([^/]+)/.exec(file)?.[1];
/** The pages load their own rooms, no screen another one, and of the server only the filter language. */
const isForPages = (file: string, path: string): boolean =>
  path.startsWith('acs/ui/')
    ? pageRank(path) >= pageRank(file) && (pageRank(path) !== pageRank(file) || screenOf(file) === screenOf(path))
    : path.startsWith('acs/query/');
const placeIn = (file: string): string => (file.split('/')[1] ?? '').replace(/\.ts$/, '');

describe('house rules', () => {
  it('keeps shared free of siblings, fastify, databases and process', () => {
    for (const file of sources.filter(name => name.startsWith('shared/'))) {
      for (const specifier of importsOf(file)) {
        const path = target(file, specifier);
        assert.ok(!path || path.startsWith('shared/'), `${file} imports ${specifier}`);
        assert.ok(
          !/^(fastify|mongodb|@photostructure\/sqlite|node:process|node:child_process|node:cluster)$/.test(specifier),
          `${file} imports ${specifier}`,
        );
      }
      assert.ok(!/\bprocess\./.test(code(file)), `${file} uses process`);
    }
  });

  it('lets acs, cpe and pbx import shared and never each other', () => {
    for (const file of sources.filter(name => /^(acs|cpe|pbx)\//.test(name))) {
      for (const specifier of importsOf(file)) {
        const path = target(file, specifier);
        if (path) assert.ok([roomOf(file), 'shared'].includes(roomOf(path)), `${file} imports ${specifier}`);
      }
    }
  });

  it('keeps the order of rooms in acs', () => {
    const rank = (file: string): number => acsRooms.findIndex(room => room.includes(placeIn(file)));
    for (const file of sources.filter(name => name.startsWith('acs/') && !name.startsWith('acs/ui/'))) {
      if (acsLeaves.includes(placeIn(file))) continue;
      assert.ok(rank(file) >= 0, `${file} is in no room of the plan`);
      for (const specifier of importsOf(file)) {
        const path = target(file, specifier);
        if (!path || roomOf(path) !== 'acs' || acsLeaves.includes(placeIn(path))) continue;
        const sameRoom =
          placeIn(path) === placeIn(file) || (rank(file) === rank(path) && !['south', 'north'].includes(placeIn(file)));
        assert.ok(sameRoom || rank(path) > rank(file), `${file} imports ${specifier}`);
      }
    }
  });

  it('keeps the order of rooms in acs/ui, and what it takes from elsewhere', () => {
    for (const file of sources.filter(name => name.startsWith('acs/ui/'))) {
      assert.ok(pageRank(file) >= 0, `${file} is in no room of the plan`);
      const types = new Set(
        [...text(file).matchAll(/^import type\b[^'"]*?from\s+'([^']+)'/gm)].map(([, name]) => name),
      );
      const loaded = importsOf(file).filter(specifier => !types.has(specifier));
      for (const specifier of loaded) {
        const path = target(file, specifier);
        if (path) assert.ok(isForPages(file, path), `${file} imports ${specifier}`);
      }
    }
  });

  it('keeps the order of rooms in cpe', () => {
    for (const file of sources.filter(name => name.startsWith('cpe/'))) {
      const allowed = cpeAllowed[placeIn(file)];
      assert.ok(allowed, `${file} is in no room of the plan`);
      for (const specifier of importsOf(file)) {
        const path = target(file, specifier);
        if (!path || roomOf(path) !== 'cpe' || placeIn(path) === placeIn(file)) continue;
        assert.ok(allowed.includes(placeIn(path)), `${file} imports ${specifier}`);
      }
    }
  });

  it('has impure calls in clock.ts and main.ts alone', () => {
    const impure = /\b(Date\.now|new Date\(\)|setTimeout|setInterval|Math\.random|process\.env)\b/;
    for (const file of sources.filter(name => /^(acs|cpe|pbx|shared)\//.test(name))) {
      if (impureHomes.includes(file) || /(^|\/)main\.tsx?$/.test(file)) continue;
      assert.ok(!impure.test(code(file)), `${file}: ${impure.exec(code(file))?.[0]}`);
    }
  });

  it('has no any, enum, default export or suppressed check', () => {
    for (const file of sources.filter(name => name !== 'test/repo.test.ts')) {
      assert.ok(!/:\s*any\b|\bas any\b|<any>/.test(code(file)), `${file} uses any`);
      assert.ok(!/^\s*(export\s+)?(const\s+)?enum\s/m.test(code(file)), `${file} has an enum`);
      assert.ok(!/^export default/m.test(code(file)), `${file} has a default export`);
      assert.ok(!/@ts-(ignore|expect-error|nocheck)|biome-ignore/.test(text(file)), `${file} suppresses a check`);
      assert.ok(!/\.(only)\(/.test(code(file)), `${file} runs only a part`);
    }
  });

  it('begins each source file with a comment', () => {
    for (const file of sources.filter(name => /^(acs|cpe|pbx|shared)\//.test(name))) {
      assert.match(text(file), /^(#!.*\n)?(\/\/|\/\*)/, file);
    }
  });

  it('leads each link of the documentation to a file and its heading', () => {
    const pages = tracked.filter(name => name.endsWith('.md'));
    /** As it is linked to: lower case, without punctuation, blanks as hyphens. */
    const anchor = (heading: string): string =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-');
    for (const page of pages) {
      for (const [, link = ''] of text(page).matchAll(/\]\((?!https?:)([^)]*)\)/g)) {
        const [path = '', heading] = link.split('#');
        const file = path === '' ? page : posix.normalize(posix.join(dirname(page), path));
        assert.ok(tracked.includes(file), `${page} links to ${link}`);
        const anchors = [...text(file).matchAll(/^#+ (.*)$/gm)].map(found => anchor(found[1] ?? ''));
        assert.ok(heading === undefined || anchors.includes(heading), `${page} links to ${link}`);
      }
    }
  });

  it('tracks no registry host and no secret', () => {
    assert.ok(!/"resolved": "http/.test(text('package-lock.json')));
    for (const file of tracked.filter(name => !/\.(png|pcap|bin)$/.test(name))) {
      assert.ok(
        !/-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{32}/.test(text(file)),
        `${file} holds a private key`,
      );
    }
  });
});
