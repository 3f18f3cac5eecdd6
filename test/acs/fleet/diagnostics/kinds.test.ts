// The table of diagnostics against the documents of the Broadband Forum, and results of whatever a device tells.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type DiagnosticKind, diagnosticKinds, diagnostics, STATE } from '../../../../acs/fleet/diagnostics/kinds.ts';
import { readSettings, startingValues } from '../../../../acs/fleet/diagnostics/request.ts';
import { resultOf } from '../../../../acs/fleet/diagnostics/result.ts';
import { UserError } from '../../../../shared/errors.ts';
import { loadModel } from '../../../../shared/model/datamodel.ts';
import type { Model, ParameterDef } from '../../../../shared/model/definitions.ts';
import { documentsFolder, peerSuite } from '../../../support/servers/peers.ts';

const documents = ['tr-181-2-9-0-full.xml', 'tr-106-1-2-0-full.xml', 'tr-098-1-8-0-full.xml'].map(name =>
  join(documentsFolder, name),
);

/** Each object is in a document, with its state and with all that a request must give. */
function assertObjects(kind: DiagnosticKind, models: readonly Model[]): void {
  const { paths, settings } = diagnostics[kind];
  const required = settings.filter(({ isRequired }) => isRequired).flatMap(({ parameters }) => parameters);
  for (const path of paths) {
    const model = models.find(({ objects }) => objects.has(path));
    assert.ok(model, `${path} is in no document`);
    for (const name of [STATE, ...required])
      assert.equal(model.parameters.get(path + name)?.writable, true, `${path}${name}`);
  }
}

/** Each setting and result is in at least one of the objects. */
function assertParameters(kind: DiagnosticKind, models: readonly Model[]): void {
  const { paths, settings, results, rows } = diagnostics[kind];
  const definitions = (names: readonly string[], below = ''): ParameterDef[] => {
    const full = paths.flatMap(path => names.map(name => path + below + name));
    const found = full.flatMap(path => models.flatMap(({ parameters }) => parameters.get(path) ?? []));
    assert.ok(found.length > 0, `${kind}: ${names} is in no document`);
    return found;
  };
  for (const { parameters, type } of settings)
    for (const def of definitions(parameters)) assert.deepEqual([def.writable, def.type], [true, type], def.path);
  for (const { parameters } of results)
    for (const def of definitions(parameters)) assert.equal(def.writable, false, def.path);
  for (const { parameters } of rows?.columns ?? []) definitions(parameters, `${rows?.table}{i}.`);
}

describe('table of diagnostics', () => {
  peerSuite('against the documents of the Broadband Forum', { files: documents }, () => {
    const models: Model[] = [];
    before(async function () {
      this.timeout(60_000);
      for (const file of documents) models.push(await loadModel(readFileSync(file)));
    });

    for (const kind of diagnosticKinds) {
      it(`names objects and parameters of ${kind} that exist, with their access and type`, () => {
        assertObjects(kind, models);
        assertParameters(kind, models);
      });
    }
  });

  it('gives a result of any values that a device tells, bounded and of the right types', () => {
    const names = diagnosticKinds.flatMap(kind => {
      const { results, rows } = diagnostics[kind];
      return [
        STATE,
        ...results.flatMap(({ parameters }) => parameters),
        ...(rows?.columns ?? []).flatMap(({ parameters }) => parameters.map(each => `${rows?.table}3.${each}`)),
      ];
    });
    const text = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.constantFrom('0', '-1', '12', '1e9', 'NaN', '2026-01-01T00:00:00.123456Z', '0001-01-01T00:00:00Z', '1,2,,x'),
    );
    const told = fc.array(fc.record({ name: fc.oneof(fc.constantFrom(...names), fc.string()), Value: text }));
    fc.assert(
      fc.property(fc.constantFrom(...diagnosticKinds), told, (kind, entries) => {
        const path = diagnostics[kind].paths[0] ?? '';
        const {
          values,
          rows = [],
          units,
        } = resultOf(
          kind,
          path,
          entries.map(({ name, Value }) => ({ Name: path + name, Value })),
        );
        const cells = [...Object.values(values), ...rows.flatMap(row => Object.values(row))].flat();
        for (const cell of cells) {
          if (typeof cell === 'number') assert.ok(Number.isFinite(cell));
          else assert.ok(cell === null || cell.length <= 257, String(cell));
        }
        assert.ok(Object.values(units).every(unit => unit !== ''));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('tells rows of a table in their order and cuts them off at 256', () => {
    const list = Array.from({ length: 300 }, (_, at) => ({
      Name: `Device.WiFi.NeighboringWiFiDiagnostic.Result.${300 - at}.SSID`,
      Value: `net ${300 - at}`,
    }));
    const { rows = [], omitted } = resultOf('wifi-scan', 'Device.WiFi.NeighboringWiFiDiagnostic.', list);
    assert.deepEqual([rows.length, omitted, rows[0], rows.at(-1)?.row], [256, 44, { row: 1, ssid: 'net 1' }, 256]);
  });

  it('computes the pace of a transfer by its times (TR-143 4.3)', () => {
    const path = 'Device.DownloadDiagnostics.';
    const entries: Record<string, string> = {
      DiagnosticsState: 'Completed',
      TestBytesReceived: '1000000',
      TCPOpenRequestTime: '2026-01-01T00:00:00.000100Z',
      TCPOpenResponseTime: '2026-01-01T00:00:00.010100Z',
      BOMTime: '2026-01-01T00:00:01.5Z',
      EOMTime: '2026-01-01T00:00:02Z',
      ROMTime: '0001-01-01T00:00:00Z',
    };
    const list = Object.entries(entries).map(([name, Value]) => ({ Name: path + name, Value }));
    const { values } = resultOf('download', path, list);
    const { connectTime, transferTime, rate, requested } = values;
    assert.deepEqual(
      { connectTime, transferTime, rate, requested },
      {
        connectTime: 10,
        transferTime: 500,
        rate: 16_000_000,
        requested: null,
      },
    );
  });

  it('reads any settings: values of the object, or a refusal that names the setting', () => {
    const names = fc.oneof(
      fc.constantFrom('host', 'Host', 'url', 'size', 'repetitions', 'timeout', 'server', '__proto__', 'constructor'),
      fc.string(),
    );
    const value = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant([]));
    fc.assert(
      fc.property(fc.constantFrom(...diagnosticKinds), fc.dictionary(names, value), (kind: DiagnosticKind, given) => {
        try {
          const input = readSettings(kind, given);
          const path = diagnostics[kind].paths[0] ?? '';
          const found = [...diagnostics[kind].settings.flatMap(({ parameters }) => parameters), STATE].map(name => ({
            Name: path + name,
            Value: '',
            Type: '',
          }));
          const list = startingValues(kind, input, path, found);
          assert.ok(Array.isArray(list));
          assert.equal(list.at(-1)?.Value, 'Requested');
        } catch (error) {
          assert.ok(error instanceof UserError && error.message.startsWith(`${kind}: `), String(error));
        }
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});
