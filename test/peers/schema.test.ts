// Every envelope that we can send, judged by the Broadband Forum's own schemas through xmllint.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faults } from '../../shared/cwmp/faults.ts';
import { methodNames, methods } from '../../shared/cwmp/methods.ts';
import { type Body, type Envelope, encodeEnvelope } from '../../shared/cwmp/soap.ts';
import { type Namespace, namespaces, speaks } from '../../shared/cwmp/versions.ts';
import { type SampleSize, sampleOf } from '../support/envelopes.ts';
import { peerSuite, peersFolder, run } from '../support/servers/peers.ts';

const checker = join(peersFolder, '..', 'tools', 'check-cwmp');

const sizes: readonly SampleSize[] = ['small', 'full'];

function messages(namespace: Namespace): Map<string, Body> {
  const all = new Map<string, Body>();
  for (const method of methodNames) {
    const { since, request, response } = methods[method];
    if (!speaks(namespace, since)) continue;
    for (const size of sizes) {
      const args = sampleOf(request, size, method);
      const result = sampleOf(response, size, method);
      // Lightweight notifications came later than the two oldest namespaces.
      if (namespace === '1-0' || namespace === '1-1') lowerNotifications(args, result);
      all.set(`${method}-${size}`, { kind: 'request', method, args } as unknown as Body);
      all.set(`${method}Response-${size}`, { kind: 'response', method, result } as unknown as Body);
    }
  }
  return all;
}

function lowerNotifications(...messages: Record<string, unknown>[]): void {
  for (const { ParameterList } of messages) {
    if (!Array.isArray(ParameterList)) continue;
    for (const item of ParameterList) if (item.Notification > 2) item.Notification = 2;
  }
}

function faultMessages(): Map<string, Body> {
  const all = new Map<string, Body>();
  const parameters = [
    { name: 'Device.A & B', code: 9007, message: 'not < 5' },
    { name: 'Device.C', code: 9005, message: '' },
  ];
  for (const code of [...faults.keys(), 9033, 9800, 8800, 0]) {
    all.set(`Fault-${code}`, {
      kind: 'fault',
      fault: { code, message: 'text & more', parameters: code === 9003 ? parameters : [] },
    });
    // TransferComplete allows fewer codes: the encoder folds the others.
    const FaultStruct = { FaultCode: code, FaultString: 'long '.repeat(100) };
    const args = { CommandKey: 'k', FaultStruct, StartTime: '', CompleteTime: '' };
    all.set(`TransferComplete-${code}`, { kind: 'request', method: 'TransferComplete', args });
  }
  all.set('MustUnderstand', {
    kind: 'fault',
    fault: { code: 0, message: 'header not understood', parameters: [], soap: 'MustUnderstand' },
  });
  return all;
}

function deploymentFaults(): Map<string, Body> {
  return new Map(
    [...faults.keys(), 0].map(FaultCode => {
      const args = sampleOf(methods.DUStateChangeComplete.request, 'full', 'DUStateChangeComplete');
      for (const result of args.Results as { Fault: object }[]) result.Fault = { FaultCode, FaultString: 'x' };
      return [
        `DUStateChangeComplete-${FaultCode}`,
        { kind: 'request', method: 'DUStateChangeComplete', args } as unknown as Body,
      ];
    }),
  );
}

peerSuite('the schemas of CWMP', { programs: ['xmllint', 'bash'], files: [checker] }, () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-schema-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function judge(
    namespace: Namespace,
    bodies: Map<string, Body>,
    headers: Partial<Envelope> = {},
  ): Promise<void> {
    const files: string[] = [];
    for (const [name, body] of bodies) {
      const file = join(folder, `${namespace}-${name}.xml`);
      await writeFile(file, encodeEnvelope({ namespace, id: 'a<b', ...headers, body }));
      files.push(file);
    }
    const { stdout } = await run('bash', [checker, ...files]).catch((error: { stdout?: string }) => {
      assert.fail(error.stdout || String(error));
    });
    assert.match(stdout, new RegExp(`^${files.length} valid, 0 invalid$`, 'm'));
  }

  for (const namespace of namespaces) {
    it(`accepts every request and response of cwmp-${namespace}, smallest and fullest`, () =>
      judge(namespace, messages(namespace)));
    it(`accepts every fault of cwmp-${namespace}`, () => judge(namespace, faultMessages()));
    it(`accepts every header of cwmp-${namespace}`, () =>
      judge(namespace, new Map([['headers', { kind: 'request', method: 'FactoryReset', args: {} }]]), {
        holdRequests: true,
        sessionTimeout: 60,
        supportedVersions: ['1.0', '1.4'],
        useVersion: '1.4',
      }));
    if (speaks(namespace, '1.2')) {
      it(`accepts every outcome of a deployment unit operation in cwmp-${namespace}`, () =>
        judge(namespace, deploymentFaults()));
    }
  }
});
