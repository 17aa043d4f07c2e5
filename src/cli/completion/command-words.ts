import type { Command, Option } from 'commander';

/** What can follow one command. */
export interface CommandWords {
  /** Names from the program down to the command, without the program's own; empty for the program. */
  readonly path: readonly string[];
  readonly description: string;
  readonly commands: readonly Word[];
  /** Its own options and those of all commands. */
  readonly options: readonly OptionWords[];
  /** Whether it is given files. */
  readonly takesFiles: boolean;
}

interface Word {
  readonly name: string;
  readonly description: string;
}

export interface OptionWords {
  /** Such as `-o` and `--output`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** Values it can have; empty where any will do. */
  readonly values: readonly string[];
  /** The value is a file or folder. */
  readonly isPath: boolean;
}

const PATHS = new Set(['data', 'config', 'file', 'noise', 'coupling', 'statevector']);

/** Every command of the tree, the program first. */
export function commandWords(program: Command): readonly CommandWords[] {
  const shared = program.options.filter((option) => option.long !== '--version');
  const gather = (command: Command, path: readonly string[]): CommandWords[] => [
    {
      path,
      description: command.description(),
      commands: command.commands.map((child) => ({
        name: child.name(),
        description: child.description(),
      })),
      options: [
        ...(command === program ? program.options : [...command.options, ...shared]).map(words),
        {
          flags: ['-h', '--help'],
          description: 'help',
          takesValue: false,
          values: [],
          isPath: false,
        },
      ],
      takesFiles: command.registeredArguments.some((argument) => argument.name() === 'file'),
    },
    ...command.commands.flatMap((child) => gather(child, [...path, child.name()])),
  ];
  return gather(program, []);
}

function words(option: Option): OptionWords {
  return {
    flags: [option.short, option.long].filter((flag) => flag != null),
    description: option.description,
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
    isPath: PATHS.has(option.attributeName()),
  };
}
