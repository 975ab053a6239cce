/* embed ROUNDS SCRIPT [at-once]: runs the script in a new interpreter so many times, and after each waits for a moment with no
   interpreter in the process, or does not. */
#include <Python.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct timespec moment = {0, 150000000};
    int rounds = argc > 2 ? atoi(argv[1]) : 0;

    for (int round = 0; round < rounds; round++) {
        char number[16];
        wchar_t *arguments[2];
        FILE *script = fopen(argv[2], "r");

        snprintf(number, sizeof number, "%d", round);
        Py_Initialize();
        arguments[0] = Py_DecodeLocale(argv[2], NULL);
        arguments[1] = Py_DecodeLocale(number, NULL);
        PyObject *list = PyList_New(0);
        for (int i = 0; i < 2; i++) {
            PyObject *text = PyUnicode_FromWideChar(arguments[i], -1);
            PyList_Append(list, text);
            Py_DECREF(text);
            PyMem_RawFree(arguments[i]);
        }
        PySys_SetObject("argv", list);
        Py_DECREF(list);
        if (script == NULL || PyRun_SimpleFileEx(script, argv[2], 1) != 0)
            return 2;
        if (Py_FinalizeEx() < 0)
            return 3;
        if (argc < 4)
            nanosleep(&moment, NULL);
    }
    return rounds ? 0 : 2;
}
