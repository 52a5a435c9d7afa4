using Ephemeral.Grains;
using Ephemeral.Web;

return Launch.Run(args, args => EphemeralWeb.Build(args), ("Ephemeral", typeof(WebOptions)), ("Ephemeral:Pages", typeof(PageOptions)));
