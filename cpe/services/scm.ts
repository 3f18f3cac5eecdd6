// Service Controller Manager: which services run, and the commands that start, stop and restart them.
import { commentOn, isSystemService } from './common/service-rules.ts';
import { cell, dgwPath, type Service, type Unit, X } from './service.ts';

const nameAt = (unit: Unit, table: string, row: number): string =>
  cell(unit.config.tree, dgwPath(unit, `Scm.${table}.${row}.Name`));

const act =
  (action: 'Start' | 'Stop' | 'Restart') =>
  (unit: Unit, row: number): Promise<void> =>
    unit.services.command(nameAt(unit, 'ServiceCommands', row), action);

export const scm: Service = {
  name: 'Scm',
  values: {
    [`${X}Scm.ServicesInfo.{i}.ExecState`]: (unit, [row = 0]) =>
      unit.services.stateOf(nameAt(unit, 'ServicesInfo', row)),
    [`${X}Scm.ServicesInfo.{i}.Comment`]: (unit, [row = 0]) => commentOn(unit, nameAt(unit, 'ServicesInfo', row)),
    [`${X}Scm.ServicesInfo.{i}.StartupType`]: (unit, [row = 0]) =>
      unit.config.variable(`Scm.ServicesConfig[Name=${nameAt(unit, 'ServicesInfo', row)}].StartupType`),
  },
  check(unit, draft, problem) {
    const table = dgwPath(unit, 'Scm.ServicesConfig.');
    for (const [path, value] of draft.touched) {
      if (value !== 'Manual' || !path.startsWith(table) || !path.endsWith('.StartupType')) continue;
      const name = nameAt(unit, 'ServicesConfig', Number(path.slice(table.length).split('.')[0]));
      if (isSystemService(unit, name)) problem(path, 9007, `${name} is a system service, which always starts`);
    }
  },
  rowCommands: {
    [`${X}Scm.ServiceCommands.{i}.Restart`]: act('Restart'),
    [`${X}Scm.ServiceCommands.{i}.Stop`]: act('Stop'),
    [`${X}Scm.ServiceCommands.{i}.Start`]: act('Start'),
  },
  commands: { 'scm.restartrequiredservices': unit => unit.services.restartRequired() },
};
