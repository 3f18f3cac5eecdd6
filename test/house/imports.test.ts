// The house in imports, those of types included: no circles, no two rooms that need each other, and the order of rooms in the fleet.
import assert from 'node:assert/strict';
import { circlesIn, importGraph, mutualRooms } from '../support/source/imports.ts';
import { beyond, once } from './exceptions.ts';

/** Rooms of acs/fleet from left to right: each may import its own and those further right. */
const fleetRooms = [
  ['fleet', 'duties'],
  ['overview'],
  ['jobs'],
  ['cluster', 'session'],
  ['reconcile'],
  ['preflight', 'rollout', 'diagnostics', 'backups'],
  ['presets'],
  ['devices', 'tasks', 'enrolment', 'monitoring', 'webhooks', 'tracing', 'files', 'access'],
  ['models'],
  ['common'],
];
/** Rooms of pbx from left to right; those between two arrows do not know each other. Files beside rooms that are not named may import any. */
const pbxRooms = [
  ['main'],
  ['serve'],
  ['gatekeeper', 'web-services'],
  ['cli', 'options'],
  ['app'],
  ['manager', 'status'],
  ['mdsh', 'phones'],
  ['web', 'h323', 'sip'],
  ['routes', 'media'],
  ['policy'],
  ['exchange'],
];
const isSource = (file: string): boolean => /^(acs|cpe|pbx|shared)\//.test(file);

describe('imports of the house', () => {
  it('go round in no circle and keep the order of the fleet, but for those that are listed', () => {
    assert.deepEqual(beyond('imports', once([...circlesIn(importGraph(isSource)), ...againstTheOrder()])), []);
  });

  it('keep the order of the rooms of pbx', () => {
    const roomOf = (file: string): string => (file.split('/')[1] ?? '').replace(/\.ts$/, '');
    const rank = (file: string): number => pbxRooms.findIndex(rooms => rooms.includes(roomOf(file)));
    const wrong = importGraph(file => file.startsWith('pbx/'))
      .filter(({ from, to }) => roomOf(from) !== roomOf(to) && rank(from) >= 0 && rank(to) >= 0)
      .filter(({ from, to }) => rank(from) >= rank(to))
      .map(({ from, to }) => `${from} imports ${to}`);
    assert.deepEqual(wrong, []);
  });

  for (const folder of ['acs', 'acs/fleet', 'cpe', 'shared', 'pbx']) {
    it(`lead no two rooms of ${folder} to each other`, () => {
      assert.deepEqual(mutualRooms(folder), []);
    });
  }
});

/** Imports in acs/fleet that lead from right to left. */
function againstTheOrder(): string[] {
  const roomOf = (file: string): string => (file.split('/')[2] ?? '').replace(/\.ts$/, '');
  const rank = (file: string): number => fleetRooms.findIndex(rooms => rooms.includes(roomOf(file)));
  return importGraph(file => file.startsWith('acs/fleet/'))
    .filter(({ from, to }) => roomOf(from) !== roomOf(to))
    .filter(({ from, to }) => rank(from) < 0 || rank(to) < 0 || rank(from) > rank(to))
    .map(({ from, to }) => `${from} imports ${to}`);
}
