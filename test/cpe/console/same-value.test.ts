// One value by three ways: console, SNMP, and sessions with an ACS. Their libraries are loaded on first use.
import assert from 'node:assert/strict';
import type { SnmpServer, UnitServer } from '../../../cpe/services/service.ts';
import { ConsoleServer } from '../../../cpe/shell/server.ts';
import { SnmpAgent } from '../../../cpe/snmp/agent.ts';
import { numberingOf } from '../../../cpe/snmp/numbering.ts';
import { systemClock } from '../../../shared/clock.ts';
import { sshClient } from '../../support/console/ssh.ts';
import { rpcUnit } from '../../support/cpe/unit-rpc.ts';
import { peerSuite, run } from '../../support/servers/peers.ts';

const V2 = ['-v2c', '-c', 'public', '-m', '', '-Oqv'];

peerSuite('console, SNMP and CWMP', { programs: ['ssh', 'snmpget', 'snmpset'] }, function () {
  this.timeout(30_000);

  it('show and change the same value, and refuse the same', async () => {
    const servers: { shell?: ConsoleServer; agent?: SnmpAgent } = {};
    const console: UnitServer = {
      open: async () => servers.shell?.open(),
      close: async () => servers.shell?.close(),
    };
    const snmp: SnmpServer = {
      counts: { get: 0, getNext: 0, set: 0 },
      open: async () => servers.agent?.open(),
      close: async () => servers.agent?.close(),
      trap: () => undefined,
    };
    const options = { clock: systemClock(), console, snmp, parameters: { 'Snmp.EnableSnmpV2': 'Enable' } };
    const cwmp = await rpcUnit(options, ({ gateway }) => {
      servers.shell = new ConsoleServer(gateway.device, { host: '127.0.0.1', port: 0 });
      servers.agent = new SnmpAgent(gateway.device, { host: '127.0.0.1', port: 0 });
    });
    const { device } = cwmp.unit.gateway;
    const { shell, agent } = servers;
    assert.ok(shell && agent);
    const ssh = await sshClient(shell.address);
    const oidOf = (path: string): string => {
      const found = device.config.tree.find(path);
      const leaf = numberingOf(device.model).leaves.find(({ def }) => def === found?.def);
      return [...(leaf?.oid ?? []), ...(leaf?.depth === 0 ? [0] : (found?.instances ?? []))].join('.');
    };
    try {
      for (const [name, type, values] of [
        ['Hoc.SystemName', 's', ['one', 'two', 'three']],
        ['SipEp.Gateway[Name=default].SecurePort', 'u', ['5071', '5072', '5073']],
        ['Cli.SshPort', 'u', ['2201', '2202', '2203']],
      ] as const) {
        const path = device.config.pathOf(name);
        assert.ok(path);
        const all = async (): Promise<string[]> => [
          (await cwmp.value(path)) ?? '',
          (await ssh.run('admin', 'administrator', name)).out.trim(),
          (await run('snmpget', [...V2, agent.address, oidOf(path)])).stdout.trim().replaceAll('"', ''),
        ];
        const [byCwmp, bySsh, bySnmp] = values;
        assert.equal(typeof (await cwmp.set({ [path]: byCwmp })), 'number', name);
        assert.deepEqual(await all(), [byCwmp, byCwmp, byCwmp], name);
        assert.equal((await ssh.run('admin', 'administrator', `${name} = ${bySsh}`)).exit, 0);
        assert.deepEqual(await all(), [bySsh, bySsh, bySsh], name);
        await run('snmpset', [...V2, agent.address, oidOf(path), type, bySnmp]);
        assert.deepEqual(await all(), [bySnmp, bySnmp, bySnmp], name);
      }
      assert.ok(device.config.pending.services().has('Cli'));
      const refused = device.config.pathOf('Cli.InactivityTimeOut') ?? '';
      assert.deepEqual(await cwmp.set([{ Name: refused, Value: '91', Type: 'xsd:unsignedInt' }]), [
        9003,
        `${refused} 9007`,
      ]);
      assert.equal((await ssh.run('admin', 'administrator', 'Cli.InactivityTimeOut = 91')).exit, 1);
      await assert.rejects(run('snmpset', [...V2, agent.address, oidOf(refused), 'u', '91']), /wrongValue/);
    } finally {
      await cwmp.close();
      await ssh.close();
    }
  });
});

describe('libraries of console and SNMP', () => {
  it('are not loaded by a start without --cli and --snmp', async () => {
    const script = `import('./cpe/run.ts').then(() => import('./cpe/fleet/fleet.ts')).then(() =>
      console.log(Object.keys(require('module')._cache).filter(file => /node_modules.(ssh2|net-snmp)/.test(file)).length))`;
    const { stdout } = await run(process.execPath, ['--import', 'tsx', '-e', script]);
    assert.equal(stdout.trim(), '0');
  });
});
