using Ephemeral.Web;

EphemeralWeb.Build(args).Run();
