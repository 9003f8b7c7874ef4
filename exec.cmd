@rem The scripts of package.json begin with exec, so that a signal to npm reaches the service. Windows has none: this runs the rest.
@%*
