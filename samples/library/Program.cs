Freshet.Samples.Library.OrdersSample.Run(Console.Out);
