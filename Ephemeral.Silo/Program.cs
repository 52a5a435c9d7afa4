using Ephemeral.Grains;
using Ephemeral.Silo;

return Launch.Run(args, EphemeralSilo.Build, ("Ephemeral", typeof(SiloSettings)), ("Ephemeral:Pages", typeof(PageOptions)));
