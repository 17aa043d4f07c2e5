import { Argument, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import type { Shell } from '../completion/completion-script.ts';

const EXAMPLES = `Examples:
  eval "$(uqo completion bash)"                 in ~/.bashrc
  eval "$(uqo completion zsh)"                  in ~/.zshrc, after compinit
  uqo completion fish > ~/.config/fish/completions/uqo.fish
`;

export function addCompletion(program: Command, ctx: CliContext): void {
  program
    .command('completion')
    .description('print the script that completes commands and options in a shell')
    .addHelpText('before', EXAMPLES)
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: Shell, _options: unknown, command: Command) => {
      const [{ commandWords }, { completionScript }] = await Promise.all([
        import('../completion/command-words.ts'),
        import('../completion/completion-script.ts'),
      ]);
      ctx.output(command).line(completionScript(shell, commandWords(program)).trimEnd());
    });
}
