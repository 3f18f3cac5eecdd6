// Service Controller Manager: which services run, and the commands that start, stop and restart them.
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
      unit.services.started(nameAt(unit, 'ServicesInfo', row)) ? 'Started' : 'Stopped',
    [`${X}Scm.ServicesInfo.{i}.StartupType`]: (unit, [row = 0]) =>
      unit.config.variable(`Scm.ServicesConfig[Name=${nameAt(unit, 'ServicesInfo', row)}].StartupType`),
  },
  rowCommands: {
    [`${X}Scm.ServiceCommands.{i}.Restart`]: act('Restart'),
    [`${X}Scm.ServiceCommands.{i}.Stop`]: act('Stop'),
    [`${X}Scm.ServiceCommands.{i}.Start`]: act('Start'),
  },
  commands: { 'scm.restartrequiredservices': unit => unit.services.restartRequired() },
};
