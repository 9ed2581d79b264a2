using Freshet.Commands;

return await CommandLine.InvokeAsync(args);
