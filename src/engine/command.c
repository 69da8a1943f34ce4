#include "engine/command.h"

CoiCommand *coi_command_new(CoiCommandType type)
{
    CoiCommand *command = g_new0(CoiCommand, 1);
    command->type = type;
    return command;
}

void coi_command_free(CoiCommand *command)
{
    if (command == NULL)
        return;
    g_free(command->address);
    g_free(command->text);
    g_free(command->html);
    g_free(command->label);
    g_free(command->host);
    g_free(command->fingerprint);
    g_free(command);
}
